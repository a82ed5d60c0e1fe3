/** Sinks of one store share its writes: what that may not cost one of them, and what counts as one store. */
import * as t from 'io-ts';
import {
  type App,
  type DocumentStore,
  json,
  memoryStore,
  retry,
  type StoreSinkOptions,
  string,
} from 'kafka-rx';
import { batch, branch, share, through } from 'kafka-rx/operators';
import type { AssignedPartition, ConsumerListener } from '../../lib/drivers/port.js';
import { driverWith } from '../app/driver-with.js';
import { held, Members } from '../app/members.js';

type Write = DocumentStore<string>['write'];
const id = (text: string): string => text.slice(0, 1);

/** As somebody else's: what is done to `write` is seen by all copies. */
function storeOf(write: (inner: DocumentStore<string>) => Write, own = true) {
  const inner = memoryStore<string>('state', own ? { id } : {});
  return { inner, store: { ...inner, write: write(inner) } };
}

const kept = (store: { documents(): readonly { readonly value: string }[] }) =>
  store.documents().map(document => document.value);

function twoSinks(app: App, stores: readonly [DocumentStore<string>, DocumentStore<string>]): void {
  const { eu, otherwise } = branch(app.topic('in', { value: string }), { eu: v => v.endsWith('eu') });
  eu.subscribe(app.store(stores[0], { name: 'eu' }));
  otherwise.subscribe(app.store(stores[1], { name: 'us' }));
}

test.each([
  ['a getter that makes them anew', false],
  ['a proxy of the whole store', true],
])('one object is one store, whatever its positions are: %s', async (_name, proxied) => {
  const first = held<void>();
  let [writes, underWay, most] = [0, 0, 0];
  const { inner, store } = storeOf(inner => async documents => {
    most = Math.max(most, ++underWay);
    if (writes++ === 0) await first.promise;
    await inner.write(documents);
    underWay--;
  });
  const anew = () => ({ ...inner.positions });
  const given = proxied
    ? new Proxy(store, { get: (of, name) => (name === 'positions' ? anew() : Reflect.get(of, name)) })
    : Object.defineProperty({ ...store }, 'positions', { get: anew });
  const members = new Members({ in: 1 });
  members.start(app => twoSinks(app, [given, given]));
  await members.pass(100);
  members.publish('in', 'c 1 eu', 'c 2 us');
  await members.settle();
  first.resolve();
  await members.pass(1000);
  expect([most, kept(inner), members.committed('in')]).toEqual([1, ['c 2 us'], [2]]);
});

test('two stores of one database, which has one positions object, do not hold each other up', async () => {
  const database = memoryStore<string>('database');
  const down = { ...database, name: 'one', write: () => Promise.reject(new Error('down')) };
  const other = memoryStore<string>('two');
  const up: DocumentStore<string> = { ...other, positions: database.positions };
  const members = new Members({ in: 1 });
  members.start(app => {
    const in$ = app.topic('in', { value: string }).pipe(share());
    in$.subscribe(app.store(down, { onStoreError: retry({ attempts: Number.POSITIVE_INFINITY }) }));
    in$.subscribe(app.store(up));
  });
  await members.pass(100);
  members.publish('in', 'a', 'b');
  await members.pass(1000);
  expect(kept(other)).toEqual(['a', 'b']);
});

test('copies of a store share its writes as one object does', async () => {
  let calls = 0;
  const { inner, store } = storeOf(
    inner => documents => {
      calls++;
      return inner.write(documents);
    },
    false,
  );
  const members = new Members({ in: 1 });
  members.start(app => {
    const in$ = app.topic('in', { value: string }).pipe(share());
    for (let i = 0; i < 20; i++) in$.subscribe(app.store({ ...store }, { name: `s${i}` }));
  });
  await members.pass(100);
  members.publish('in', ...Array.from({ length: 50 }, (_, i) => `r${i}`));
  await members.pass(1000);
  expect([inner.documents().length, members.committed('in')]).toEqual([1000, [50]]);
  expect(calls).toBeLessThanOrEqual(2);
});

test('a document that the guard refuses costs the others of its write no try', async () => {
  const value = json(t.strict({ a: t.string, b: t.string }));
  const inner = memoryStore('state', { value, id: ({ a, b }: t.TypeOf<typeof type>) => a + b });
  const type = t.strict({ a: t.string, b: t.string });
  let calls = 0;
  const write: typeof inner.write = async (documents, guard) => {
    if (++calls === 2) throw new Error('a blip');
    await inner.write(documents, guard);
  };
  const members = new Members({ in: 1 });
  const member = members.start(
    app => {
      const { card, otherwise } = branch(app.topic('in', { value }), { card: v => v.a.startsWith('4') });
      const store = { ...inner, write };
      otherwise.subscribe(app.store(store, { name: 'a' }));
      card.subscribe(app.store(store, { name: 'b' }));
    },
    {
      guard: { scan: true },
      policies: { encode: 'skip', store: retry({ attempts: 5, initialDelayMs: 50 }) },
    },
  );
  await members.pass(100);
  members.publish('in', '{"a":"x","b":"1"}', '{"a":"41111111","b":"11111111"}');
  await members.pass(5000);
  expect([member.outcome, members.committed('in')]).toEqual(['running', [2]]);
  expect(inner.documents().map(document => document.id)).toEqual(['x1']);
});

const ownPolicies: [string, () => readonly [StoreSinkOptions, StoreSinkOptions]][] = [
  [
    'each its own object',
    () => [{ onStoreError: retry({ otherwise: 'skip' }) }, { onStoreError: retry({ otherwise: 'skip' }) }],
  ],
  [
    'one is to skip at once',
    () => [{ onStoreError: retry({ otherwise: 'skip' }) }, { onStoreError: 'skip' }],
  ],
];

test.each(ownPolicies)(
  'a store that is down holds records up for the tries of one write, whatever policies its sinks have: %s',
  async (_name, policies) => {
    const { store } = storeOf(() => () => Promise.reject(new Error('down')), false);
    const members = new Members({ in: 1 });
    const member = members.start(app => {
      const [one, two] = policies();
      const in$ = app.topic('in', { value: string }).pipe(share());
      in$.subscribe(app.store(store, { name: 'one', ...one }));
      in$.subscribe(app.store(store, { name: 'two', ...two }));
    });
    await members.pass(100);
    members.publish('in', ...Array.from({ length: 200 }, (_, i) => `r${i}`));
    await members.pass(8000);
    expect([member.outcome, members.committed('in')]).toEqual(['running', [200]]);
  },
);

test('a store that has not answered for a write is no other app’s before it has', async () => {
  const first = held<void>();
  let writes = 0;
  const { inner, store } = storeOf(inner => async documents => {
    if (writes++ === 0) await first.promise;
    await inner.write(documents);
  });
  const members = new Members({ in: 1 });
  const wire = (app: App) => void app.topic('in', { value: string }).subscribe(app.store(store));
  const one = members.start(wire, { stopDeadlineMs: 1000 });
  await members.pass(100);
  members.publish('in', 'c 1');
  await members.settle();
  const stopped = one.app.stop();
  await members.pass(40_000);
  await stopped;
  const early = members.start(wire);
  await members.pass(100);
  expect(String(early.outcome)).toContain('is in use');
  first.resolve();
  await members.settle();
  const two = members.start(wire);
  await members.pass(40_000);
  members.publish('in', 'c 2');
  await members.pass(1000);
  expect([two.outcome, kept(inner), members.committed('in')]).toEqual(['running', ['c 2'], [2]]);
});

test.each([0, 1])(
  'what is made of several partitions is written where one of them goes on (partition %i is lost)',
  async which => {
    const members = new Members({ in: 2 });
    const first = held<void>();
    let writes = 0;
    const { inner, store } = storeOf(
      inner => async documents => {
        if (writes++ === 0) await first.promise;
        await inner.write(documents);
      },
      false,
    );
    let listener: ConsumerListener | undefined;
    const driver = driverWith(members, connection => ({
      consumer: (options, given) => {
        listener = given;
        return connection.consumer(options, given);
      },
    }));
    let assigned: readonly AssignedPartition[] = [];
    members.start(
      app => {
        app.events$.subscribe(event => {
          if (event.type === 'assigned') assigned = event.partitions;
        });
        app
          .topic('in', { value: string })
          .pipe(batch(records => records.map(record => record.value).join('+'), { maxRecords: 2 }))
          .pipe(through(app.store(store, { name: 's' })))
          .subscribe();
      },
      { driver },
    );
    await members.pass(100);
    for (const text of ['a', 'b']) {
      members.broker.publish('in', [
        { value: `${text}0`, partition: 0 },
        { value: `${text}1`, partition: 1 },
      ]);
      await members.pass(100);
    }
    listener?.lost(assigned.filter(({ partition }) => partition === which));
    await members.pass(100);
    first.resolve();
    await members.pass(1000);
    expect(kept(inner)).toEqual(['a0+a1', 'b0+b1']);
  },
);
