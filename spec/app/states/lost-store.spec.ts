/** A store beside a state cannot be filled again by records that the state has counted: that is said, and nothing is left out in silence. */
import { type App, type DocumentStore, memoryStore, number, string } from 'kafka-rx';
import { count } from 'kafka-rx/state';
import { testApp } from 'kafka-rx/testing';

async function lostBeside(
  onStoreLost: 'refill' | 'keep' | 'fail',
  next = (_: DocumentStore<string>): DocumentStore<string> => memoryStore<string>('history'),
) {
  let store: DocumentStore<string> = memoryStore<string>('history');
  const t = await testApp(
    (app: App) => {
      const in$ = app.topic('in', { key: string, value: string });
      in$
        .pipe(count(app.state('counts', { key: string, value: number })))
        .subscribe(app.to('out', { key: string, value: number }));
      in$.subscribe(app.store(store));
    },
    { partitions: 1, onStoreLost },
  );
  t.pipeIn('in', [
    { key: 'a', value: 'first' },
    { key: 'a', value: 'second' },
  ]);
  await t.idle();
  store = next(store);
  return t;
}

test('the app fails by name, with what to do', async () => {
  const t = await lostBeside('refill');
  const restarted = t.restart().then(() => t.advance(1_000));
  await expect(restarted).rejects.toMatchObject({
    code: 'STORE_LOST',
    at: { topic: 'in', partition: 0, offset: 0 },
    remedy: expect.stringContaining("onStoreLost: 'keep'"),
  });
  await expect(restarted).rejects.toThrow("The store 'history' is behind");
});

/** As put back from a copy of before the first record. */
function olderCopy(store: DocumentStore<string>): DocumentStore<string> {
  const { positions } = store;
  if (positions === undefined) throw new Error('a store in memory has positions');
  positions.read = () => 0;
  return store;
}

test.each([
  ['refill', 'one that is an older copy', olderCopy],
  ['keep', 'one that is an older copy', olderCopy],
  ['fail', 'one that was lost', undefined],
] as const)("with '%s' it does so for %s, too", async (onStoreLost, _, next) => {
  const t = await lostBeside(onStoreLost, next);
  const restarted = t.restart().then(() => t.advance(1_000));
  await expect(restarted).rejects.toMatchObject({ code: 'STORE_LOST' });
});

test('where it is to go on without, it does, and nothing is counted twice', async () => {
  const t = await lostBeside('keep');
  await t.restart();
  t.pipeIn('in', [{ key: 'a', value: 'third' }]);
  await t.idle();
  expect(t.read('out', { key: string, value: number }).map(({ value }) => value)).toEqual([1, 2, 3]);
  await t.stop();
});
