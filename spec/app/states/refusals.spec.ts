/** What a topology with states cannot be, each with its code and what to do. */

import { type AppOptions, bytes, number, string } from 'kafka-rx';
import { type TestApp, testApp } from 'kafka-rx/testing';
import { map, merge, type Observable, type OperatorFunction } from 'rxjs';
import type { App } from '../../../lib/app/interface.js';
import type { KafkaRecord } from '../../../lib/record/record.js';
import { lmdb } from '../../../lib/stores/lmdb.js';
import { session } from '../../../lib/time/session.js';
import { tumbling } from '../../../lib/time/tumbling.js';
import { unlimited } from '../../../lib/time/unlimited.js';
import type { Windows } from '../../../lib/time/windows.js';
import { flatMapValue } from '../../../operators/flatMapValue.js';
import { mapKey } from '../../../operators/mapKey.js';
import { mapRecord } from '../../../operators/mapRecord.js';
import { mapValue } from '../../../operators/mapValue.js';
import { mergeNamed } from '../../../operators/mergeNamed.js';
import { aggregate } from '../../../operators/state/aggregate.js';
import { cogroup } from '../../../operators/state/cogroup.js';
import { count } from '../../../operators/state/count.js';
import { reduce } from '../../../operators/state/reduce.js';
import { suppress } from '../../../operators/state/suppress.js';
import { driverWith } from '../driver-with.js';
import { Members } from '../members.js';

const texts = { key: string, value: string };
const counts = { key: string, value: number };

const counting = (app: App, name = 'counts') => count<string, string>(app.state(name, counts));

async function outcome(all: Members, topology: (app: App) => void, options: Partial<AppOptions> = {}) {
  const member = all.start(topology, options);
  await all.pass(1_000);
  return member.outcome;
}

describe('a topology', () => {
  test.each<[string, (app: App) => void, object]>([
    [
      'two writers of one state',
      app => {
        const state = app.state('counts', counts);
        const in$ = app.topic('in', texts);
        in$.pipe(count(state));
        in$.pipe(count(state, { name: 'other' }));
      },
      {
        code: 'TOPOLOGY',
        message: expect.stringContaining("'other'"),
        remedy: expect.stringContaining('cogroup'),
      },
    ],
    [
      'inputs that a RegExp finds',
      app => app.topic(/in/, texts).pipe(counting(app)).subscribe(app.to('out', counts)),
      { code: 'TOPOLOGY', message: expect.stringContaining('/in/'), remedy: 'Read its topics by name' },
    ],
    [
      'inputs that nobody knows',
      app =>
        void merge(app.topic('in', texts), app.topic('other', texts))
          .pipe(counting(app))
          .subscribe(app.to('out', counts)),
      { code: 'TOPOLOGY', remedy: expect.stringMatching(/app.topic|mergeNamed/) },
    ],
    [
      'a state that nobody writes',
      app => {
        app.state('counts', counts);
        app.topic('in', texts).subscribe(app.to('out', texts));
      },
      { code: 'TOPOLOGY', remedy: expect.stringContaining('kafka-rx/state') },
    ],
    [
      'two states of a name',
      app => {
        app.state('counts', counts);
        app.state('counts', counts);
      },
      { code: 'CONFIGURATION', remedy: expect.stringContaining('name of its own') },
    ],
  ])('%s', async (_, topology, refusal) => {
    await expect(testApp(topology, { topics: ['in'] })).rejects.toMatchObject(refusal);
  });

  test('a state of another app', async () => {
    let state: ReturnType<typeof app1> | undefined;
    const app1 = (app: App) => app.state('counts', counts);
    const one = await testApp(app => {
      state = app1(app);
      app.topic('in', texts).pipe(count(state)).subscribe(app.to('out', counts));
    });
    const two = testApp(app => {
      if (state !== undefined) app.topic('in', texts).pipe(count(state)).subscribe(app.to('out', counts));
    });
    await expect(two).rejects.toMatchObject({ code: 'TOPOLOGY', remedy: expect.stringContaining('app') });
    await one.stop();
  });
});

describe('at the start', () => {
  const topology = (app: App): void =>
    void app.topic('in', texts).pipe(counting(app)).subscribe(app.to('out', counts));

  test('a driver without units of work', async () => {
    const all = new Members({ in: 1, out: 1 });
    const driver = driverWith(all, () => ({ unitOfWork: undefined }));
    expect(await outcome(all, topology, { driver })).toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringContaining('app.state'),
      remedy: expect.stringContaining('fast path'),
    });
  });
});

describe('a key that was changed since the source', () => {
  const through = async (change: (app: App) => Observable<KafkaRecord<string, string>>): Promise<TestApp> => {
    const t = await testApp(app => {
      change(app).pipe(counting(app)).subscribe(app.to('out', counts));
    });
    t.pipeIn('in', [{ key: 'a', value: 'b' }]);
    await t.idle();
    return t;
  };
  const upper = (record: KafkaRecord<string, string>) => record.withKey(record.key.toUpperCase());

  test.each<[string, (app: App) => Observable<KafkaRecord<string, string>>]>([
    ['mapKey', app => app.topic('in', texts).pipe(mapKey((_, { value }) => value))],
    ['mapRecord', app => app.topic('in', texts).pipe(mapRecord(upper))],
    ['a plain map', app => app.topic('in', texts).pipe(map(upper))],
    [
      'and what is made of it then',
      app =>
        app.topic('in', texts).pipe(
          map(upper),
          mapValue(value => value),
        ),
    ],
    [
      'and parts of it',
      app =>
        app.topic('in', texts).pipe(
          map(upper),
          flatMapValue(value => [value]),
        ),
    ],
    ['of a record without one', app => app.topic('in', { value: string }).pipe(mapKey(() => 'x'))],
  ])('%s: refused at the first record', async (_, change) => {
    await expect(through(change)).rejects.toMatchObject({
      code: 'STATE',
      at: { topic: 'in', partition: 0, offset: 0 },
      remedy: expect.stringContaining('repartition'),
    });
  });

  test.each<[string, (app: App) => Observable<KafkaRecord<string, string>>]>([
    ['computed, and the same', app => app.topic('in', texts).pipe(mapKey(key => `${key}`))],
    [
      'changed, and changed back',
      app =>
        app.topic('in', texts).pipe(
          map(upper),
          mapKey(key => key.toLowerCase()),
        ),
    ],
    [
      'bytes read as text',
      app => app.topic('in', { key: bytes, value: string }).pipe(mapKey(key => key.toString())),
    ],
  ])('%s: taken', async (_, change) => {
    const t = await through(change);
    expect(t.read('out', counts).map(({ key, value }) => `${key}${value}`)).toEqual(['a1']);
    await t.stop();
  });

  test('is refused whatever is done about records that fail', async () => {
    const t = await testApp(
      app =>
        void app
          .topic('in', texts)
          .pipe(map(upper), count(app.state('counts', counts), { onError: 'skip' }))
          .subscribe(app.to('out', counts)),
      { policies: { process: 'skip' } },
    );
    await expect((async () => t.pipeIn('in', [{ key: 'a', value: 'b' }]))()).rejects.toMatchObject({
      code: 'STATE',
    });
  });
});

describe('a windowed key that was changed', () => {
  const window = tumbling(10, { graceMs: 0 });
  const through = async (change: (key: string) => string): Promise<TestApp> => {
    const t = await testApp(app => {
      app
        .topic('in', texts)
        .pipe(
          count(app.state('counts', counts), { window }),
          mapKey(({ key, ...at }) => ({ key: change(key), ...at })),
          suppress(app.state('finals', counts), { until: 'windowCloses', window }),
        )
        .subscribe(app.each(() => {}));
    });
    t.pipeIn('in', [{ key: 'a', value: 'b', timestamp: 5 }]);
    await t.idle();
    return t;
  };

  test('to that of another key is refused', async () => {
    await expect(through(key => key.toUpperCase())).rejects.toMatchObject({ code: 'STATE' });
  });

  test('and is of the same key is taken', async () => {
    const t = await through(key => key);
    await t.stop();
  });
});

describe('windows that were changed over an old changelog', () => {
  const changing = (windows: () => Windows | undefined) => (app: App) =>
    void app
      .topic('in', texts)
      .pipe(
        aggregate(app.state('counts', counts), {
          initial: () => 0,
          add: (n: number) => n + 1,
          merge: (a: number, b: number) => a + b,
          window: windows(),
        } as never) as OperatorFunction<KafkaRecord, KafkaRecord>,
      )
      .subscribe(app.each(() => {}));
  const grace = { graceMs: 0 };

  test.each<[string, Windows | undefined, Windows | undefined]>([
    ['another size', tumbling(10, grace), tumbling(20, grace)],
    ['another kind', tumbling(10, grace), session(10, grace)],
    ['none any more', tumbling(10, grace), undefined],
  ])('%s', async (_, before, now) => {
    let windows = before;
    const t = await testApp(changing(() => windows));
    t.pipeIn('in', [{ key: 'a', value: 'b', timestamp: 5 }]);
    await t.idle();
    windows = now;
    await expect(t.restart().then(() => t.idle())).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringContaining('tumbling(10)'),
      remedy: expect.stringContaining('another name'),
    });
  });

  test('a longer grace is taken', async () => {
    let windows = tumbling(10, grace);
    const t = await testApp(changing(() => windows));
    t.pipeIn('in', [{ key: 'a', value: 'b', timestamp: 5 }]);
    await t.idle();
    windows = tumbling(10, { graceMs: 5 });
    await t.restart();
    await t.idle();
    await t.stop();
  });
});

test('co-partitioned inputs of different counts', async () => {
  const topology = (app: App): void => {
    const merged = mergeNamed('all', app.topic('in', texts), app.topic('other', texts));
    merged.pipe(counting(app)).subscribe(app.to('out', counts));
  };
  expect(await outcome(new Members({ in: 2, other: 3, out: 1 }), topology)).toMatchObject({
    code: 'CONFIGURATION',
    message: expect.stringContaining('in has 2, other has 3'),
    remedy: expect.stringContaining('partitions'),
  });
});

test('a changelog with another number of partitions', async () => {
  const all = new Members({ in: 2, out: 1, 'group-counts-changelog': 3 });
  const topology = (app: App): void =>
    void app.topic('in', texts).pipe(counting(app)).subscribe(app.to('out', counts));
  expect(await outcome(all, topology)).toMatchObject({
    code: 'CONFIGURATION',
    message: expect.stringContaining('has 3 partitions'),
    remedy: expect.stringContaining('another name'),
  });
});

const initial = () => 0;
const add = (sum: number) => sum + 1;
const texts$ = (app: App) => app.topic('in', texts);
const final = 'final';
const endless = unlimited();

test.each<[string, (app: App) => unknown]>([
  ['count', app => texts$(app).pipe(count(app.state('counts', counts), { emit: final }))],
  ['count', app => texts$(app).pipe(count(app.state('counts', counts), { emit: final, window: endless }))],
  [
    'aggregate',
    app => texts$(app).pipe(aggregate(app.state('counts', counts), { initial, add, emit: final })),
  ],
  ['reduce', app => texts$(app).pipe(reduce(app.state('texts', texts), first => first, { emit: final }))],
  ['cogroup', app => cogroup(app.state('counts', counts), [[texts$(app), add]], { initial, emit: final })],
])('final results where nothing ends are refused, by the name of the operator: %s', (operator, topology) => {
  return expect(testApp(app => void topology(app))).rejects.toMatchObject({
    code: 'CONFIGURATION',
    message: expect.stringMatching(new RegExp(`^${operator}: emit 'final' `)),
  });
});

test.each<[string, unknown]>([
  ['a store of that name', lmdb('counts', { value: string })],
  ['text', '/var/lib/counts'],
])('a backend is no %s', async (_, backend) => {
  const topology = (app: App) => void app.state('counts', { ...counts, backend: backend as never });
  await expect(testApp(topology)).rejects.toMatchObject({
    code: 'CONFIGURATION',
    message: expect.stringMatching(
      /^app.state\('counts'\): backend must be a backend such as lmdbBackend\(directory\)/,
    ),
  });
});
