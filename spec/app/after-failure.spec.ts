import { type App, type DocumentStore, type KafkaRecord, memoryStore, retry, string } from 'kafka-rx';
import { batch, mapAsync, mapValue, through } from 'kafka-rx/operators';
import type { Observable } from 'rxjs';
import { held, Members } from './members.js';

type Texts = Observable<KafkaRecord<Buffer | null, string>>;

const quick = { stopDeadlineMs: 1000, idleMs: 1e9 };

/** A second topic whose first record fails the app. */
function failsOn(app: App): void {
  app
    .topic('bad', { value: string })
    .pipe(
      mapValue((value): string => {
        throw new Error(value);
      }),
    )
    .subscribe(app.each(() => {}, { name: 'never' }));
}

/** Work that notes its beginning and ends when the test says so. */
function gated() {
  const begun: string[] = [];
  const gates = new Map<string, ReturnType<typeof held<string>>>();
  return {
    begun,
    work: (value: string): Promise<string> => {
      begun.push(value);
      const gate = held<string>();
      gates.set(value, gate);
      return gate.promise;
    },
    end: (value: string) => gates.get(value)?.resolve(value),
  };
}

type Work = (value: string) => Promise<string>;
const waiting: readonly (readonly [string, (app: App, source: Texts, work: Work) => unknown])[] = [
  ['app.each', (app, source, work) => source.subscribe(app.each(({ value }) => work(value)))],
  [
    'mapAsync',
    (app, source, work) =>
      source.pipe(mapAsync(work, { order: 'partition' })).subscribe(app.to('out', { value: string })),
  ],
  [
    'mapAsync without room',
    (app, source, work) =>
      source
        .pipe(mapAsync(work, { order: 'none', concurrency: 1 }))
        .subscribe(app.to('out', { value: string })),
  ],
  [
    'a function behind through',
    (app, source, work) =>
      source
        .pipe(through(app.each<Buffer | null, string>(({ value }) => work(value))))
        .subscribe(app.to('out', { value: string })),
  ],
  [
    'mapAsync behind mapAsync',
    (app, source, work) =>
      source
        .pipe(
          mapAsync(async value => value),
          mapAsync(work, { order: 'partition' }),
        )
        .subscribe(app.to('out', { value: string })),
  ],
];

describe.each(waiting)('after a failure nothing that waits is begun: %s', (_name, wire) => {
  test('one behind the other: what is under way ends, the next is not called', async () => {
    const members = new Members({ in: 1, bad: 1, out: 1 });
    const { begun, work, end } = gated();
    const member = members.start(app => {
      wire(app, app.topic('in', { value: string }), work);
      failsOn(app);
    }, quick);
    members.publish('in', 'a', 'b', 'c');
    await members.settle();
    expect(begun).toEqual(['a']);
    members.publish('bad', 'x');
    await members.settle();
    end('a');
    await members.settle();
    end('b');
    await members.pass(2000);
    expect(member.outcome).toMatchObject({ code: 'PROCESS' });
    expect(begun).toEqual(['a']);
    expect(members.committed('in')[0]).toBeLessThanOrEqual(1);
    expect(members.values('out')).toEqual([]);
  });
});

test.each<[string, (app: App, source: Texts, call: (value: string) => Promise<string>) => unknown]>([
  ['app.each', (app, source, call) => source.subscribe(app.each(({ value }) => call(value)))],
  [
    'mapAsync in order of partition',
    (app, source, call) =>
      source.pipe(mapAsync(call, { order: 'partition' })).subscribe(app.to('out', { value: string })),
  ],
])('a call that fails the app is the last: %s', async (_, wire) => {
  const members = new Members({ in: 1, out: 1 });
  const called: string[] = [];
  const call = async (value: string): Promise<string> => {
    called.push(value);
    if (value === 'b') throw new Error('no');
    return value;
  };
  const start = () => members.start(app => void wire(app, app.topic('in', { value: string }), call), quick);
  members.publish('in', 'a', 'b', 'c', 'd');
  const member = start();
  await members.pass(2000);
  expect(member.outcome).toMatchObject({ code: 'PROCESS', at: { offset: 1 } });
  expect([called, members.committed('in')]).toEqual([['a', 'b'], [1]]);
  start();
  await members.pass(2000);
  expect(called).toEqual(['a', 'b', 'b']);
});

test.each<[string, (app: App, source: Texts, call: (value: string) => Promise<string>) => unknown]>([
  [
    'app.each',
    (app, source, call) =>
      source.subscribe(app.each(({ value }) => call(value), { onError: retry({ attempts: 100 }) })),
  ],
  [
    'mapAsync',
    (app, source, call) =>
      source
        .pipe(mapAsync(call, { onError: retry({ attempts: 100 }) }))
        .subscribe(app.to('out', { value: string })),
  ],
  [
    'a store',
    (app, source, call) => {
      const inner = memoryStore<string>('s');
      const store: DocumentStore<string> = {
        ...inner,
        write: async documents => void (await call(documents.map(({ value }) => value).join())),
      };
      source.subscribe(app.store(store, { onStoreError: retry({ attempts: 100 }) }));
    },
  ],
])('nothing is tried again once the app has failed: %s', async (_, wire) => {
  const members = new Members({ in: 1, bad: 1, out: 1 });
  const called: string[] = [];
  const call = async (value: string): Promise<string> => {
    called.push(value);
    throw new Error('busy');
  };
  const member = members.start(
    app => {
      wire(app, app.topic('in', { value: string }), call);
      failsOn(app);
    },
    { ...quick, stopDeadlineMs: 60_000 },
  );
  members.publish('in', 'a');
  await members.pass(250);
  expect(called).toHaveLength(2);
  members.publish('bad', 'x');
  await members.pass(10_000);
  expect(member.outcome).toMatchObject({ code: 'PROCESS' });
  expect(called).toHaveLength(2);
  expect(members.committed('in')).toEqual([-1]);
});

test('a store writes nothing that waited behind the write under way', async () => {
  const members = new Members({ in: 1, bad: 1 });
  const first = held();
  const writes: string[] = [];
  const inner = memoryStore<string>('s');
  const store: DocumentStore<string> = {
    ...inner,
    write(documents) {
      writes.push(documents.map(({ value }) => value).join());
      return writes.length === 1 ? first.promise : inner.write(documents);
    },
  };
  const member = members.start(
    app => {
      app.topic('in', { value: string }).subscribe(app.store(store));
      failsOn(app);
    },
    { ...quick, stopDeadlineMs: 60_000 },
  );
  await members.settle();
  members.publish('in', 'a');
  await members.settle();
  members.publish('in', 'b', 'c');
  await members.settle();
  members.publish('bad', 'x');
  await members.settle();
  first.resolve();
  await members.pass(2000);
  expect(member.outcome).toMatchObject({ code: 'PROCESS' });
  expect([writes, members.committed('in')]).toEqual([['a'], [1]]);
});

test('a batch that was gathered is not made any more', async () => {
  const members = new Members({ in: 1, bad: 1, out: 1 });
  const made: string[] = [];
  const member = members.start(app => {
    app
      .topic('in', { value: string })
      .pipe(
        batch(
          records => {
            const joined = records.map(({ value }) => value).join();
            made.push(joined);
            return joined;
          },
          { maxRecords: 2, maxWaitMs: 500 },
        ),
      )
      .subscribe(app.to('out', { value: string }));
    failsOn(app);
  }, quick);
  members.publish('in', 'a', 'b', 'c');
  await members.settle();
  members.publish('bad', 'x');
  await members.pass(2000);
  expect(member.outcome).toMatchObject({ code: 'PROCESS' });
  expect([made, members.values('out'), members.committed('in')]).toEqual([['a,b'], ['a,b'], [2]]);
});

test('of the record that failed, other branches begin nothing', async () => {
  const members = new Members({ in: 1, out: 1 });
  const called: string[] = [];
  const note = async (value: string) => {
    called.push(value);
    return value;
  };
  const member = members.start(app => {
    const source = app.topic('in', { value: string });
    source
      .pipe(
        mapValue((value): string => {
          throw new Error(value);
        }),
      )
      .subscribe(app.each(() => {}, { name: 'never' }));
    source.pipe(mapAsync(note)).subscribe(app.to('out', { value: string }));
    source.subscribe(app.each(({ value }) => note(value)));
    source
      .pipe(through(app.each<Buffer | null, string>(({ value }) => note(value))))
      .subscribe(app.to('out', { value: string, name: 'B' }));
  }, quick);
  members.publish('in', 'a');
  await members.pass(2000);
  expect(member.outcome).toMatchObject({ code: 'PROCESS' });
  expect([called, members.values('out'), members.committed('in')]).toEqual([[], [], [-1]]);
});
