import { type App, type DocumentStore, type KafkaRecord, memoryStore, number, string } from 'kafka-rx';
import {
  batch,
  branch,
  filterValue,
  flatMapValue,
  mapAsync,
  mapKey,
  mapRecord,
  mapValue,
  mergeNamed,
  peek,
  project,
  share,
  through,
} from 'kafka-rx/operators';
import { testApp } from 'kafka-rx/testing';
import { config, map, type Observable } from 'rxjs';
import { held, Members } from '../../app/members.js';
import { scriptedSink } from '../../operators/scripted-sink.js';

type Texts = Observable<KafkaRecord<Buffer | null, string>>;

/** Calls back as no promise would. */
function thenable(
  call: (resolve: (value?: unknown) => void, reject: (error: unknown) => void) => void,
): unknown {
  return Object.fromEntries([['then', call]]);
}
const error = new Error('secret');
const strange: readonly (readonly [string, unknown])[] = [
  [
    'resolves twice',
    thenable(resolve => {
      resolve();
      resolve();
    }),
  ],
  [
    'resolves, then rejects',
    thenable((resolve, reject) => {
      resolve();
      reject(error);
    }),
  ],
  [
    'resolves, then throws',
    thenable(resolve => {
      resolve();
      throw error;
    }),
  ],
];

const unhandled: unknown[] = [];
const note = (thrown: unknown) => void unhandled.push(thrown);
beforeEach(() => {
  unhandled.length = 0;
  config.onUnhandledError = note;
  process.on('unhandledRejection', note);
});
afterEach(async () => {
  await new Promise(resolve => setTimeout(resolve, 5));
  config.onUnhandledError = null;
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

describe('what a stranger gives calls back once', () => {
  test.each(strange)('to app.each: one that %s releases one lease', async (_, given) => {
    const other = held();
    const members = new Members({ in: 1 });
    const member = members.start(app => {
      const source = app.topic('in', { value: string }).pipe(share());
      source.subscribe(app.each(() => given, { name: 'strange' }));
      source.subscribe(app.each(() => other.promise, { name: 'slow' }));
    });
    members.publish('in', 'a');
    await members.pass(1000);
    expect([member.outcome, members.committed('in')]).toEqual(['running', [-1]]);
    other.resolve();
    await members.pass(1000);
    expect([member.outcome, members.committed('in')]).toEqual(['running', [1]]);
  });

  test.each(strange)('to a store: one that %s writes, and goes on with what waits', async (_, given) => {
    const other = held();
    const written: string[] = [];
    const store: DocumentStore<string> = {
      ...memoryStore<string>('strange'),
      write(documents) {
        written.push(...documents.map(({ value }) => value));
        return given as Promise<void>;
      },
    };
    const members = new Members({ in: 1 });
    const member = members.start(app => {
      const source = app.topic('in', { value: string }).pipe(share());
      source.subscribe(app.store(store));
      source.subscribe(app.each(() => other.promise));
    });
    members.publish('in', 'a');
    await members.pass(1000);
    members.publish('in', 'b');
    await members.pass(1000);
    expect([member.outcome, members.committed('in'), written]).toEqual(['running', [-1], ['a', 'b']]);
    other.resolve();
    await members.pass(1000);
    expect(members.committed('in')).toEqual([2]);
  });

  test('an observer that throws inside through is a process problem, and its record does not go on', async () => {
    const members = new Members({ in: 1, out: 1 });
    const sink = scriptedSink<KafkaRecord<Buffer | null, string>>({
      next() {
        throw error;
      },
      error() {},
      complete() {},
    });
    const member = members.start(app =>
      app
        .topic('in', { value: string })
        .pipe(through(sink))
        .subscribe(app.to('out', { value: string })),
    );
    members.publish('in', 'a');
    await members.pass(1000);
    expect(member.outcome).toMatchObject({ code: 'PROCESS', at: { offset: 0 } });
    expect([members.values('out'), members.committed('in')]).toEqual([[], [-1]]);
  });
});

const operators: readonly (readonly [string, (app: App) => (source: Texts) => Observable<KafkaRecord>])[] = [
  ['mapValue', () => mapValue(value => value)],
  ['mapKey', () => mapKey(key => key)],
  ['mapRecord', () => mapRecord(record => record.withValue('x'))],
  ['project', () => project(value => value)],
  ['filterValue', () => filterValue(() => true)],
  ['flatMapValue', () => flatMapValue(value => [value])],
  ['peek', () => peek(record => void record.value.length)],
  ['mapAsync', () => mapAsync(async value => value)],
  ['mapAsync by partition', () => mapAsync(async value => value, { order: 'partition' })],
  ['batch by number', () => batch(records => records.length, { maxRecords: 1 })],
  ['batch by time', () => batch(records => records.length)],
  ['through', app => through(app.each(() => {}))],
  ['branch', () => source => branch(source, { some: () => false }).otherwise],
  ['mergeNamed', () => source => mergeNamed('all', source)],
];

describe.each(operators)('%s', (_name, operator) => {
  test.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a number', 5],
    ['text', 'text'],
    ['an object', {}],
  ])(
    'handed %s in place of a record, the app fails, and nothing is committed or thrown past it',
    async (_, junk) => {
      const members = new Members({ in: 1 });
      const member = members.start(app =>
        app
          .topic('in', { value: string })
          .pipe(
            map(() => junk as KafkaRecord<Buffer | null, string>),
            operator(app),
          )
          .subscribe(app.each(() => {})),
      );
      members.publish('in', 'a');
      await members.pass(2000);
      expect(['WITHOUT_DELIVERY', 'PROCESS']).toContain((member.outcome as { code?: string }).code);
      expect(members.committed('in')).toEqual([-1]);
    },
  );
});

test.each<[string, (source: Texts) => Observable<KafkaRecord>]>([
  ['mapValue', mapValue(() => unfreezable())],
  ['flatMapValue', flatMapValue(() => [unfreezable()])],
  ['mapAsync, first value', mapAsync(async () => unfreezable())],
  [
    'mapAsync, second value',
    mapAsync(async function* () {
      yield {};
      yield unfreezable();
    }),
  ],
  ['batch', batch(() => unfreezable(), { maxRecords: 1 })],
])('a value that cannot be frozen is a process problem of its record: %s', async (_, operator) => {
  const t = await testApp(
    app =>
      void app
        .topic('in', { value: string })
        .pipe(operator)
        .subscribe(app.each(() => {})),
    { policies: { process: 'skip' }, commit: { every: 1 } },
  );
  t.pipeIn('in', [{ value: 'a' }]);
  await t.idle();
  await t.advance(1000);
  await t.idle();
  expect(t.metrics.value('kafka_rx_records_dropped_total', { reason: 'skipped', stage: 'process' })).toBe(1);
  expect(t.committed('in')).toEqual([1]);
  await t.stop();
});

function unfreezable(): object {
  return new Proxy(
    {},
    {
      preventExtensions: () => {
        throw error;
      },
    },
  );
}

test('a pile of records that are done at once is worked off without a stack of calls', async () => {
  const members = new Members({ in: 1 });
  const gate = held();
  let calls = 0;
  const member = members.start(
    app =>
      app
        .topic('in', { value: number })
        .subscribe(app.each(() => (calls++ === 0 ? gate.promise : undefined))),
    { bounds: { maxUnsettled: 100_000 } },
  );
  await members.settle();
  members.publish('in', ...Array.from({ length: 20_000 }, (_, n) => `${n}`));
  await members.settle();
  expect(calls).toBe(1);
  gate.resolve();
  await members.pass(1000);
  expect([member.outcome, calls, members.committed('in')]).toEqual(['running', 20_000, [20_000]]);
});
