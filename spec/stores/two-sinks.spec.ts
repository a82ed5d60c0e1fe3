/** What the store port promises to stores of somebody else's, whatever sinks the app has. */
import {
  type App,
  type Document,
  type DocumentStore,
  memoryStore,
  retry,
  type StoreSinkOptions,
  string,
} from 'kafka-rx';
import { share } from 'kafka-rx/operators';
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
  expect([entered(), written.join('')]).toEqual([0, 'aabbcc']);
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
  members.publish('in', 'b');
  await members.settle();
  members.broker.faults.rebalance('group');
  await members.pass(120_000);
  gate.open.resolve();
  await members.pass(1000);
  // Of both sinks, 'a' by the epoch that is over, and all by the new one.
  const times = (text: string) => written.join('').split(text).length - 1;
  expect([times('a'), times('b')]).toEqual([4, 2]);
});

test('what is tried again at a store is written, and so is what its other sink has', async () => {
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

/** Both sinks get every record; what `refuse` says of a write is thrown. */
function bothSinks(
  refuse: (values: string) => boolean,
  options: readonly [StoreSinkOptions, StoreSinkOptions],
) {
  const members = new Members({ in: 1 });
  const inner = memoryStore<string>('theirs');
  const writes: string[] = [];
  const write = async (documents: readonly Document<string>[]): Promise<void> => {
    const values = documents.map(document => document.value).join('');
    writes.push(values);
    if (refuse(values)) throw new Error('the disk is full');
    await inner.write(documents);
  };
  const store: DocumentStore<string> = { ...inner, write };
  const member = members.start(app => {
    const in$ = app.topic('in', { value }).pipe(share());
    in$.subscribe(app.store(store, options[0]));
    in$.subscribe(app.store(store, { name: 'second', ...options[1] }));
  });
  return { members, member, inner, writes };
}

test('a write of several sinks holds no more documents than each of them allows', async () => {
  const { members, writes } = bothSinks(() => false, [{ maxDocuments: 4 }, { maxDocuments: 3 }]);
  members.publish('in', 'a', 'b', 'c');
  await members.pass(1000);
  expect(writes.join('')).toBe('aabbcc');
  expect(Math.max(...writes.map(values => values.length))).toBe(3);
  expect(members.committed('in')).toEqual([3]);
});

test('sinks of one policy are tried again in one write, and then one document after the other', async () => {
  const again = retry({ attempts: 1, initialDelayMs: 50 });
  const { members, member, writes } = bothSinks(
    values => values.includes('b'),
    [{ onStoreError: again }, { onStoreError: again }],
  );
  members.publish('in', 'a', 'b');
  await members.pass(3000);
  expect(writes).toEqual(['aabb', 'aabb', 'a', 'a', 'b']);
  expect([String(member.outcome), members.committed('in')]).toEqual([
    expect.stringContaining('tried 3 times'),
    [1],
  ]);
});

test('each sink decides on its own documents of a write that failed', async () => {
  const { members, member, inner } = bothSinks(
    values => values.includes('b'),
    [
      { onStoreError: 'skip' },
      { onStoreError: retry({ attempts: 2, initialDelayMs: 50, otherwise: 'skip' }) },
    ],
  );
  members.publish('in', 'a', 'b', 'c');
  await members.pass(3000);
  expect(inner.documents().map(document => document.value)).toEqual(['a', 'a', 'c', 'c']);
  expect([member.outcome, members.committed('in')]).toEqual(['running', [3]]);
});

test('when the epoch of what is tried again ends, what came to both sinks in the new one is written at once', async () => {
  let full = true;
  const again = retry({ attempts: 3, initialDelayMs: 600_000, maxDelayMs: 600_000 });
  const { members, writes } = bothSinks(() => full, [{ onStoreError: again }, { onStoreError: again }]);
  members.publish('in', 'a');
  await members.settle();
  members.publish('in', 'b');
  await members.settle();
  expect(writes).toEqual(['aa']);
  full = false;
  members.broker.faults.rebalance('group');
  await members.pass(120_000);
  expect(writes.slice(1).join('')).toBe('aabb');
  expect(members.committed('in')).toEqual([2]);
});

test('after a failure nothing is written that waits behind what is tried again, and nothing of it is committed', async () => {
  const again = retry({ attempts: 1, initialDelayMs: 50 });
  const { members, member, writes } = bothSinks(
    () => true,
    [{ onStoreError: again }, { onStoreError: again }],
  );
  members.publish('in', 'a');
  await members.settle();
  members.publish('in', 'b');
  await members.pass(3000);
  expect(writes.join('')).not.toContain('b');
  expect([member.outcome, members.committed('in')]).toEqual([
    expect.objectContaining({ code: 'STORE' }),
    [-1],
  ]);
});

test('a stop waits for what is tried again and for all that waits behind it', async () => {
  let failures = 1;
  const again = retry({ attempts: 3, initialDelayMs: 500 });
  const { members, member, inner } = bothSinks(
    () => failures-- > 0,
    [{ onStoreError: again }, { onStoreError: again }],
  );
  members.publish('in', 'a');
  await members.settle();
  members.publish('in', 'b');
  await members.settle();
  const stopped = member.app.stop();
  await members.pass(5000);
  await stopped;
  expect([member.outcome, members.committed('in'), inner.documents().length]).toEqual(['done', [2], 4]);
});
