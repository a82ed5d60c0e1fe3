/** One store object is one app's as long as that runs: positions, branches and closing are the app's. */
import { type App, type DocumentStore, isKafkaRxError, memoryStore, resetGroup, string } from 'kafka-rx';
import { memory } from 'kafka-rx/memory';
import { through } from 'kafka-rx/operators';
import { held, Members } from './members.js';

const value = string;

const into =
  (...stores: readonly DocumentStore<string>[]) =>
  (app: App): void => {
    for (const store of stores) app.topic('in', { value }).subscribe(app.store(store));
  };
const texts = (store: { documents(): readonly { readonly value: string }[] }): string[] =>
  store
    .documents()
    .map(document => document.value)
    .sort();
const refused = (error: unknown): boolean =>
  isKafkaRxError(error, 'CONFIGURATION') && /store 'history'.*group 'group'/.test(error.message);

/** An app on a store that holds up its start or its end is stopped; others are given the store meanwhile and afterwards. */
async function stoppedAndFollowed(store: DocumentStore<string>, goOn: () => void) {
  const members = new Members({ in: 1 });
  const first = members.start(into(store));
  await members.pass(200);
  void first.app.stop();
  await members.pass(200);
  const early = members.start(into(store));
  await members.pass(200);
  const during = [first.outcome, refused(early.outcome)];
  goOn();
  await members.pass(200);
  const second = members.start(into(store));
  members.publish('in', 'a');
  await members.pass(200);
  return { during, after: [first.outcome, second.outcome] };
}

describe('a store object in two apps of one process', () => {
  test.each(['the same object', 'a copy of it with the same positions'])(
    'is refused by the second, before it opens or closes anything, and the first goes on: %s',
    async which => {
      const members = new Members({ in: 1 });
      const store = memoryStore<string>('history');
      const own = memoryStore<string>('own');
      const first = members.start(into(store));
      await members.pass(200);
      const second = members.start(into(own, which === 'the same object' ? store : { ...store }), {
        groupId: 'other',
      });
      members.publish('in', 'a');
      await members.pass(500);
      expect(refused(second.outcome)).toBe(true);
      expect([first.outcome, texts(store), texts(own)]).toEqual(['running', ['a'], []]);
      // What it had before it came to that store is free again.
      const third = members.start(into(own), { groupId: 'third' });
      await members.pass(500);
      expect([third.outcome, texts(own)]).toEqual(['running', ['a']]);
    },
  );

  test('is taken by the second once the first has ended, though that has closed it', async () => {
    const members = new Members({ in: 1 });
    const store = memoryStore<string>('history');
    await store.open();
    const first = members.start(into(store));
    members.publish('in', 'a');
    await members.pass(200);
    void first.app.stop();
    await members.pass(200);
    await expect(store.count()).rejects.toMatchObject({ code: 'CLOSED' });
    await store.open();
    const second = members.start(into(store));
    members.publish('in', 'b');
    await members.pass(200);
    expect([first.outcome, second.outcome, texts(store)]).toEqual(['done', 'running', ['a', 'b']]);
  });

  test('is refused while the first is still closing, and free once its run() has settled', async () => {
    const inner = memoryStore<string>('history');
    const gate = held();
    const store: DocumentStore<string> = {
      ...inner,
      close: async () => {
        await gate.promise;
        await inner.close();
      },
    };
    const { during, after } = await stoppedAndFollowed(store, gate.resolve);
    expect(during).toEqual(['running', true]);
    expect([...after, texts(inner)]).toEqual(['done', 'running', ['a']]);
  });

  test('is free when the first has failed', async () => {
    const members = new Members({ in: 1 });
    const store = memoryStore<string>('history');
    const first = members.start(
      app =>
        app
          .topic('none', { value })
          .pipe(through(app.store(store)))
          .subscribe(app.to('nowhere', { value })),
      { connectTimeoutMs: 0 },
    );
    await members.pass(200);
    expect(isKafkaRxError(first.outcome)).toBe(true);
    const second = members.start(into(store));
    await members.pass(200);
    expect(second.outcome).toBe('running');
  });

  test('is not free while the first, that was stopped meanwhile, has it opening still: that close is to come', async () => {
    const inner = memoryStore<string>('history');
    const gate = held();
    let opens = 0;
    const store: DocumentStore<string> = {
      ...inner,
      open: async () => {
        if (opens++ === 0) await gate.promise;
        await inner.open();
      },
    };
    const { during, after } = await stoppedAndFollowed(store, gate.resolve);
    expect(during).toEqual(['done', true]);
    expect([...after, texts(inner)]).toEqual(['done', 'running', ['a']]);
  });
});

describe('a reset of a store that an app has', () => {
  test.each([
    ['group', 'GROUP_ACTIVE'],
    ['other', 'CONFIGURATION'],
  ])("is refused, and the app's store stays open: of %s, %s", async (groupId, code) => {
    const members = new Members({ in: 1 });
    const store = memoryStore<string>('history');
    const member = members.start(into(store));
    members.publish('in', 'a');
    await members.pass(200);
    const driver = memory({ broker: members.broker });
    const reset = (): Promise<unknown> =>
      resetGroup({ driver, groupId, topics: ['in'], to: 'earliest', stores: [store] });
    await expect(reset()).rejects.toMatchObject({ code });
    members.publish('in', 'b');
    await members.pass(200);
    expect([member.outcome, texts(store)]).toEqual(['running', ['a', 'b']]);
    void member.app.stop();
    await members.pass(200);
    await reset();
    expect(texts(store)).toEqual([]);
  });
});
