/** What the store port promises to stores of somebody else's, whatever sinks the app has. */
import { type App, type Document, type DocumentStore, memoryStore, retry, string } from 'kafka-rx';
import { share } from 'kafka-rx/operators';
import { OneAtATime } from '../../lib/base/one-at-a-time.js';
import { held, Members } from '../app/members.js';

const value = string;

/** Its writes take a while, and it breaks when it is entered twice. */
function oneAtATime() {
  const store = memoryStore<string>('theirs');
  const written: string[] = [];
  let inside = 0;
  let entered = 0;
  const gate = { open: held<void>() };
  const write = async (documents: readonly Document<string>[]): Promise<void> => {
    if (++inside > 1) entered++;
    await gate.open.promise;
    written.push(documents.map(document => document.value).join(''));
    inside--;
  };
  return { store: { ...store, write } as DocumentStore<string>, written, gate, entered: () => entered };
}

test.each<[string, (app: App, store: DocumentStore<string>) => void]>([
  [
    'two sinks of one stream',
    (app, store) => {
      const in$ = app.topic('in', { value }).pipe(share());
      in$.subscribe(app.store(store));
      in$.subscribe(app.store(store, { name: 'second' }));
    },
  ],
  [
    'a store and a copy of its fields',
    (app, store) => {
      const in$ = app.topic('in', { value }).pipe(share());
      in$.subscribe(app.store(store));
      in$.subscribe(app.store({ ...store }, { name: 'second' }));
    },
  ],
])('at most one write of a store is under way at a time: %s', async (_what, wire) => {
  const members = new Members({ in: 1 });
  const { store, written, gate, entered } = oneAtATime();
  const member = members.start(app => wire(app, store));
  members.publish('in', 'a', 'b');
  await members.settle();
  members.publish('in', 'c');
  await members.settle();
  expect([entered(), written]).toEqual([0, []]);
  gate.open.resolve();
  await members.settle();
  await members.pass(1000);
  expect([entered(), written.join().split(',').sort()]).toEqual([0, ['ab', 'ab', 'c', 'c']]);
  expect([member.outcome, members.committed('in')]).toEqual(['running', [3]]);
});

test('what waits for its turn at a store and has become stale by then is not written', async () => {
  const members = new Members({ in: 1 });
  const { store, written, gate } = oneAtATime();
  members.start(app => {
    const in$ = app.topic('in', { value }).pipe(share());
    in$.subscribe(app.store(store));
    in$.subscribe(app.store(store, { name: 'second' }));
  });
  members.publish('in', 'a');
  await members.settle();
  members.broker.faults.rebalance('group');
  await members.pass(120_000);
  gate.open.resolve();
  await members.pass(1000);
  // Once by the epoch that is over, and twice by the new one.
  expect(written.filter(text => text === 'a').length).toBe(3);
});

test('one store that is tried again holds up no write of its other sink', async () => {
  const members = new Members({ in: 1 });
  const store = memoryStore<string>('theirs');
  const failing = retry({ attempts: 3, initialDelayMs: 50 });
  const member = members.start(app => {
    const in$ = app.topic('in', { value }).pipe(share());
    in$.subscribe(app.store(store, { onStoreError: failing }));
    in$.subscribe(app.store(store, { name: 'second', onStoreError: failing }));
  });
  store.failWrites(2);
  members.publish('in', 'a', 'b');
  await members.pass(3000);
  expect([member.outcome, members.committed('in'), store.documents().length]).toEqual(['running', [2], 4]);
});

test('work at one thing goes one after the other, in order, and at once where nothing waits', async () => {
  const turns = new OneAtATime();
  const log: string[] = [];
  const first = held<void>();
  const note = (what: string, underWay?: Promise<unknown>) =>
    turns.take(atOnce => {
      log.push(`${what}${atOnce ? '' : ' after a wait'}`);
      return underWay;
    });
  note('a');
  note('b', first.promise);
  note('c');
  note('d', Promise.resolve());
  note('e');
  expect(log).toEqual(['a', 'b']);
  first.resolve();
  await new Promise(resolve => setImmediate(resolve));
  note('f');
  expect(log).toEqual(['a', 'b', 'c after a wait', 'd after a wait', 'e after a wait', 'f']);
});
