/** A synchronous function that gives its result later: nobody would wait for it, and its record would be committed. */
import type { App, KafkaRecord } from 'kafka-rx';
import { string } from 'kafka-rx';
import {
  batch,
  branch,
  filterValue,
  flatMapValue,
  mapAsync,
  mapKey,
  mapRecord,
  mapValue,
  mask,
  peek,
  project,
} from 'kafka-rx/operators';
import { deliver, testRecord } from 'kafka-rx/testing';
import { map, type Observable, of, Subject } from 'rxjs';
import { Members } from '../app/members.js';

type Source = Observable<KafkaRecord<unknown, unknown>>;
/** Written without types, as JavaScript is: what compiles is another test's matter. */
type Untyped = (source: Source, later: () => never) => Observable<unknown>;

const laterThings: readonly (readonly [string, () => unknown])[] = [
  ['a promise', () => Promise.resolve('x')],
  ['a rejected promise', () => Promise.reject(new Error('secret'))],
  // biome-ignore lint/suspicious/noThenProperty: a thenable is what this is about
  ['a thenable', () => ({ then: () => {} })],
  // biome-ignore lint/suspicious/noThenProperty: a thenable is what this is about
  ['a function with then', () => Object.assign(() => {}, { then: () => {} })],
  ['an Observable', () => of('x')],
  [
    'an async iterable',
    async function* () {
      yield 'x';
    },
  ],
];

const operators: readonly (readonly [string, Untyped])[] = [
  ['mapValue', (s, later) => s.pipe(mapValue(later))],
  ['mapKey', (s, later) => s.pipe(mapKey(later))],
  ['project', (s, later) => s.pipe(project(later))],
  ['mapRecord', (s, later) => s.pipe(mapRecord(later))],
  ['mapRecord, as the value', (s, later) => s.pipe(mapRecord(r => r.withValue(later())))],
  ['filterValue', (s, later) => s.pipe(filterValue(later))],
  ['flatMapValue', (s, later) => s.pipe(flatMapValue(later))],
  ['flatMapValue, an item', (s, later) => s.pipe(flatMapValue(() => ['first', later()]))],
  ['peek', (s, later) => s.pipe(peek(later))],
  ['batch', (s, later) => s.pipe(batch(later, { maxRecords: 1 }))],
  ['branch', (s, later) => branch(s, { wanted: later }).wanted],
];

describe.each(operators)('%s', (_operator, operator) => {
  test.each(laterThings)('refuses %s at that record, and says what to use', (_what, later) => {
    const records = new Subject<KafkaRecord<null, string>>();
    // What comes of it has no type: `never` fits wherever a function's result does.
    const delivered = deliver(records);
    const out: unknown[] = [];
    operator(delivered.records$, () => later() as never).subscribe(record => out.push(record));
    records.next(testRecord({ value: 'secret', offset: 7 }));
    expect(delivered.failures).toEqual([
      expect.objectContaining({
        code: 'PROCESS',
        at: { topic: 'test', partition: 0, offset: 7 },
        remedy: expect.stringMatching(/mapAsync.*app\.each/),
        message: expect.not.stringContaining('secret'),
      }),
    ]);
    expect(out).toEqual([]);
    expect(delivered.settled).toEqual([]);
  });

  test('applies the policy for process, and no rejection is left unhandled', async () => {
    const records = new Subject<KafkaRecord<null, string>>();
    const delivered = deliver(records, { policies: { process: 'skip' } });
    operator(delivered.records$, () => Promise.reject(new Error('late')) as never).subscribe();
    records.next(testRecord({ value: 'a' }));
    await new Promise(resolve => setImmediate(resolve));
    expect(delivered.dropped).toEqual({ skipped: 1 });
    expect(delivered.failures).toEqual([]);
  });
});

test('the failure names the operator, once', () => {
  const records = new Subject<KafkaRecord<null, string>>();
  const delivered = deliver(records);
  delivered.records$.pipe(mapValue(() => Promise.resolve() as never, { name: 'look up' })).subscribe();
  records.next(testRecord({ value: 'a' }));
  expect(delivered.failures[0]?.message.match(/'look up'/g)).toHaveLength(1);
});

test('values that are functions, buffers, dates, maps and null pass', () => {
  const values = [() => 1, Buffer.from('a'), new Date(0), new Map(), null, undefined, 0, ''];
  const records = new Subject<KafkaRecord<null, unknown>>();
  const delivered = deliver(records);
  const out: unknown[] = [];
  delivered.records$.pipe(mapValue(value => value as string)).subscribe(({ value }) => out.push(value));
  for (const value of values) records.next(testRecord({ value }));
  expect(out).toEqual(values);
  expect(delivered.failures).toEqual([]);
});

describe('in an app', () => {
  async function outcome(topology: (app: App) => void) {
    const members = new Members({ in: 1, out: 1 });
    const member = members.start(topology);
    members.publish('in', 'a');
    await members.settle();
    return { error: member.outcome, committed: members.committed('in'), written: members.values('out') };
  }
  const later = () => Promise.resolve('x') as never;
  const value = string;

  test.each<[string, string, (app: App) => void]>([
    [
      'a plain map that makes it the value',
      'PROCESS',
      app =>
        app
          .topic('in', { value })
          .pipe(map(r => r.withValue(later())))
          .subscribe(app.to('out', { value })),
    ],
    ['keyBy', 'ENCODE', app => app.topic('in', { value }).subscribe(app.to('out', { value, keyBy: later }))],
    [
      'keyBy with a codec',
      'ENCODE',
      app =>
        app.topic('in', { value }).subscribe(app.to('out', { value, keyBy: later, key: string as never })),
    ],
    [
      'partition',
      'ENCODE',
      app => app.topic('in', { value }).subscribe(app.to('out', { value, partition: later })),
    ],
    [
      'headers',
      'ENCODE',
      app => app.topic('in', { value }).subscribe(app.to('out', { value, headers: later })),
    ],
    [
      'timestamp',
      'ENCODE',
      app => app.topic('in', { value }).subscribe(app.to('out', { value, timestamp: later })),
    ],
    [
      'encode',
      'ENCODE',
      app => app.topic('in', { value }).subscribe(app.to('out', { value: { ...value, encode: later } })),
    ],
    [
      'decode',
      'DECODE',
      app => app.topic('in', { value: { ...value, decode: later } }).subscribe(app.to('out', { value })),
    ],
    [
      'decode of a key',
      'DECODE',
      app =>
        app
          .topic('in', { value, key: { ...value, decode: later } })
          .subscribe(app.to('out', { value, key: string })),
    ],
    [
      'an Observable from app.each',
      'PROCESS',
      app => app.topic('in', { value }).subscribe(app.each(() => of('never subscribed'))),
    ],
    [
      'an Observable out of a promise from app.each',
      'PROCESS',
      app => app.topic('in', { value }).subscribe(app.each(async () => of('never subscribed'))),
    ],
    [
      'an Observable out of mapAsync',
      'PROCESS',
      app =>
        app
          .topic('in', { value })
          .pipe(mapAsync(async () => of('never subscribed') as never))
          .subscribe(app.to('out', { value })),
    ],
    [
      'an async iterable from app.each',
      'PROCESS',
      app =>
        app.topic('in', { value }).subscribe(
          app.each(async function* () {
            yield 1;
          }),
        ),
    ],
  ])('%s is a problem of the record, and nothing is committed', async (_what, code, topology) => {
    const { error, committed, written } = await outcome(topology);
    expect(error).toMatchObject({
      code,
      at: { topic: 'in', partition: 0, offset: 0 },
      remedy: expect.any(String),
    });
    expect([committed, written]).toEqual([[-1], []]);
  });

  test('the pattern of a mask', async () => {
    const { error } = await outcome(app =>
      app
        .topic('in', { value })
        .pipe(
          mapValue(text => ({ text })),
          mask('text', { pattern: later }),
          mapValue(({ text }) => text),
        )
        .subscribe(app.to('out', { value })),
    );
    expect(error).toMatchObject({ code: 'PROCESS', at: { offset: 0 } });
  });
});
