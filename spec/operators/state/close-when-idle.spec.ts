/** `closeWhenIdleMs`: where nothing comes stream time goes on with the clock, and only where nothing can come. */
import { mapAsync } from 'kafka-rx/operators';
import {
  calendar,
  cogroup,
  count,
  hopping,
  reduce,
  repartition,
  type SessionWindows,
  session,
  sliding,
  suppress,
  tumbling,
  unlimited,
} from 'kafka-rx/state';
import { type TestApp, type TestAppOptions, testApp } from 'kafka-rx/testing';
import { filter, NEVER } from 'rxjs';
import type { App } from '../../../lib/app/interface.js';
import { counts, at as record, text } from './counted.js';
import { printedWindows } from './printed-windows.js';

const startAt = Date.UTC(2024, 0, 1);
const closeWhenIdleMs = 2_000;
const commit = { intervalMs: 100 };
const windows = tumbling(10_000, { graceMs: 0 });

/** So many milliseconds behind the start. */
const at = (key: string, ms: number) => record(key, startAt + ms);

const counted =
  (window: unknown = windows, isKept: (key: string) => boolean = () => true) =>
  (app: App): void => {
    app
      .topic('in', text)
      .pipe(
        filter(({ key }) => isKept(key)),
        count(app.state('counts', counts), {
          window: window as SessionWindows,
          emit: 'final',
          closeWhenIdleMs,
          late: app.to('late', text),
        }),
      )
      .subscribe(app.to('out', printedWindows));
  };

/** Such as `a@0-10000=2`. */
const read = (t: TestApp) =>
  t.read('out', text).map(({ key, value }) => {
    const [name, start, end] = key.split(/[@-]/);
    return `${name}@${Number(start) - startAt}-${Number(end) - startAt}=${value}`;
  });

const late = (t: TestApp) =>
  t.read('late', text).map(({ key, timestamp }) => `${key}@${timestamp - startAt}`);

const run = (topology: (app: App) => void = counted(), options: TestAppOptions = {}) =>
  testApp(topology, { commit, ...options });

test('a window is closed when the clock has gone on by what it lacked, and what comes for it then is late', async () => {
  const t = await run();
  t.pipeIn('in', [at('a', 1_000), at('a', 4_000)]);
  await t.advance(5_900);
  expect(read(t)).toEqual([]);
  await t.advance(200);
  expect(read(t)).toEqual(['a@0-10000=2']);
  t.pipeIn('in', [at('a', 9_999), at('b', 10_000)]);
  await t.advance(200);
  expect(late(t)).toEqual(['a@9999']);
  expect(t.metrics.snapshot().get('kafka_rx_records_dropped_total')).toMatchObject([
    { labels: { reason: 'late' }, value: 1 },
  ]);
  await t.advance(9_700);
  expect(read(t)).toEqual([]);
  await t.advance(300);
  expect(read(t)).toEqual(['b@10000-20000=1']);
  await t.stop();
});

test('not before nothing has come for so long, however little is lacking', async () => {
  const t = await run();
  for (let i = 0; i < 4; i++) {
    t.pipeIn('in', [at('a', 9_900)]);
    await t.advance(1_900);
  }
  expect(read(t)).toEqual([]);
  await t.advance(200);
  expect(read(t)).toEqual(['a@0-10000=4']);
  await t.stop();
});

test.each([
  [
    'hopping',
    hopping(10_000, { advanceMs: 5_000, graceMs: 1_000 }),
    [3_900, 'a@0-10000=1', 4_700, 'a@5000-15000=1'],
  ],
  ['calendar', calendar('hour', { zone: 'UTC', graceMs: 0 }), [3_592_900, 'a@0-3600000=1']],
  ['sliding', sliding(3_000, { graceMs: 500 }), [1_900, 'a@4000-7000=1']],
  ['sessions', session(3_000, { graceMs: 500 }), [3_400, 'a@7000-7000=1']],
] as const)('%s windows too', async (_, window, [firstMs, first, secondMs, second]) => {
  const t = await run(counted(window));
  t.pipeIn('in', [at('a', 7_000)]);
  await t.advance(firstMs);
  expect(read(t)).toEqual([]);
  await t.advance(200);
  expect(read(t)).toEqual([first]);
  await t.advance(secondMs ?? 60_000);
  expect(read(t)).toEqual([]);
  await t.advance(400);
  expect(read(t)).toEqual(second === undefined ? [] : [second]);
  await t.stop();
});

const others: readonly (readonly [string, (app: App) => void])[] = [
  [
    'reduce',
    app => {
      const options = { window: windows, emit: 'final', closeWhenIdleMs } as const;
      app
        .topic('in', text)
        .pipe(reduce(app.state('texts', text), (a, b) => a + b, options))
        .subscribe(app.to('out', printedWindows));
    },
  ],
  [
    'cogroup',
    app => {
      const add = (sum: number) => sum + 1;
      cogroup(
        app.state('counts', counts),
        [
          [app.topic('in', text), add],
          [app.topic('other', text), add],
        ],
        { initial: () => 0, window: windows, emit: 'final', closeWhenIdleMs },
      ).subscribe(app.to('out', printedWindows));
    },
  ],
  [
    'suppress',
    app => {
      app
        .topic('in', text)
        .pipe(
          count(app.state('counts', counts), { window: windows }),
          suppress(app.state('finals', counts), { until: 'windowCloses', window: windows, closeWhenIdleMs }),
        )
        .subscribe(app.to('out', printedWindows));
    },
  ],
];

test.each(others)('%s too', async (_, topology) => {
  const t = await run(topology);
  t.pipeIn('in', [at('a', 4_000)]);
  await t.advance(5_900);
  expect(read(t)).toEqual([]);
  await t.advance(200);
  expect(read(t).map(line => line.split('=')[0])).toEqual(['a@0-10000']);
  await t.stop();
});

test('an update of a window that suppress has closed by the clock is late there, though its aggregate is behind', async () => {
  const t = await run(app => {
    app
      .topic('in', text)
      .pipe(
        count(app.state('counts', counts), { window: windows }),
        suppress(app.state('finals', counts), { until: 'windowCloses', window: windows, closeWhenIdleMs }),
      )
      .subscribe(app.to('out', printedWindows));
  });
  t.pipeIn('in', [at('a', 4_000)]);
  await t.advance(6_100);
  t.pipeIn('in', [at('a', 5_000), at('b', 5_000)]);
  await t.restart();
  t.pipeIn('in', [at('c', 50_000)]);
  await t.idle();
  expect(read(t)).toEqual(['a@0-10000=1']);
  await t.stop();
});

test.each(['at-least-once', 'exactly-once'] as const)(
  'what was closed is closed, over a crash and a restart: %s',
  async guarantee => {
    const t = await run(counted(), { guarantee });
    t.pipeIn('in', [at('a', 4_000)]);
    await t.advance(6_300);
    expect(read(t)).toEqual(['a@0-10000=1']);
    await t.crash();
    await t.restart();
    t.pipeIn('in', [at('a', 9_000), at('a', 10_000)]);
    await t.idle();
    expect(late(t)).toEqual(['a@9000']);
    expect(t.streamTime('counts')).toBe(startAt + 10_000);
    await t.restart();
    // It counts anew from the start on.
    await t.advance(9_900);
    expect(read(t)).toEqual([]);
    await t.advance(300);
    expect(read(t)).toEqual(['a@10000-20000=1']);
    await t.stop();
  },
);

test('what came while the process was away is not late, however long that was', async () => {
  const t = await run();
  t.pipeIn('in', [at('a', 4_000)]);
  await t.idle();
  await t.crash();
  await t.advance(60_000);
  t.pipeIn(
    'in',
    Array.from({ length: 5_000 }, () => at('a', 5_000)),
  );
  await t.restart();
  await t.advance(9_000);
  expect(read(t)).toEqual(['a@0-10000=5001']);
  expect(late(t)).toEqual([]);
  await t.stop();
});

test('a task that cannot reach the brokers is not idle', async () => {
  const t = await run();
  t.pipeIn('in', [at('a', 4_000)]);
  await t.idle();
  t.broker.faults.down();
  t.pipeIn('in', [at('a', 5_000)]);
  await t.advance(20_000);
  t.broker.faults.up();
  await t.advance(5_000);
  expect(late(t)).toEqual([]);
  await t.advance(5_000);
  expect(read(t)).toEqual(['a@0-10000=2']);
  await t.stop();
});

/** What is `slow` passes when it is told to go on; all else at once. */
function slowUntil() {
  let goOn = (): void => {};
  const call = (value: string): Promise<string> =>
    value === 'slow' ? new Promise(r => (goOn = () => r(value))) : Promise.resolve(value);
  return { call, goOn: () => goOn() };
}

test('a record that is under way above the operator holds it', async () => {
  const slow = slowUntil();
  const t = await run(app => {
    app
      .topic('in', text)
      .pipe(
        mapAsync(slow.call),
        count(app.state('counts', counts), { window: windows, emit: 'final', closeWhenIdleMs }),
      )
      .subscribe(app.to('out', printedWindows));
  });
  t.pipeIn('in', [at('a', 4_000), { ...at('a', 5_000), value: 'slow' }]);
  await t.advance(60_000);
  expect(read(t)).toEqual([]);
  slow.goOn();
  await t.advance(5_500);
  expect(read(t)).toEqual(['a@0-10000=2']);
  await t.stop();
});

test('what goes by above it does not hold it: what comes to the operator counts', async () => {
  const t = await run(counted(windows, key => key !== 'noise'));
  t.pipeIn('in', [at('a', 4_000)]);
  for (let i = 0; i < 62; i++) {
    t.pipeIn('in', [at('noise', 4_000 + 100 * i)]);
    await t.advance(100);
  }
  expect(read(t)).toEqual(['a@0-10000=1']);
  await t.stop();
});

test('behind a repartition it is held by who writes that and is behind, be it alone', async () => {
  const slow = slowUntil();
  const t = await run(app => {
    app
      .topic('in', text)
      .pipe(
        mapAsync(slow.call),
        repartition(app.internal('by-key', text), () => 'a'),
        count(app.state('counts', counts), { window: windows, emit: 'final', closeWhenIdleMs }),
      )
      .subscribe(app.to('out', printedWindows));
  });
  t.pipeIn('in', [at('a', 4_000)]);
  await t.advance(500);
  t.pipeIn('in', [{ ...at('a', 5_000), value: 'slow' }]);
  await t.advance(20_000);
  expect(read(t)).toEqual([]);
  slow.goOn();
  await t.advance(7_000);
  expect(read(t)).toEqual(['a@0-10000=2']);
  await t.stop();
});

test('behind a repartition it is closed by whoever restores it while its writers hold stream time back, though nothing comes any more', async () => {
  const slow = slowUntil();
  const t = await run(
    app => {
      app
        .topic('in', text)
        .pipe(
          mapAsync(slow.call),
          repartition(app.internal('by-key', text), value => value),
          count(app.state('counts', counts), { window: windows, emit: 'final', closeWhenIdleMs }),
        )
        .subscribe(app.to('out', printedWindows));
    },
    { partitions: 2 },
  );
  // Of whoever is slow nobody knows how far he is.
  t.pipeIn('in', [
    { ...at('a', 4_000), partition: 0, value: 'x' },
    { ...at('a', 4_000), partition: 1, value: 'slow' },
  ]);
  await t.advance(1_500);
  await t.crash();
  await t.restart();
  await t.advance(1_500);
  slow.goOn();
  await t.advance(20_000);
  expect(read(t).sort()).toEqual(['slow@0-10000=1', 'x@0-10000=1']);
  await t.stop();
});

test('many windows that the clock has closed are all handed on once, though the process dies in the middle', async () => {
  const t = await run(counted(), { guarantee: 'exactly-once' });
  const keys = Array.from({ length: 1_000 }, (_, i) => `k${i}`);
  t.pipeIn(
    'in',
    keys.map(key => at(key, 4_000)),
  );
  await t.advance(5_900);
  for (let crashes = 0, out: string[] = []; ; crashes++) {
    await t.advance(150);
    out.push(...read(t));
    if (crashes < 3) {
      await t.crash();
      await t.restart();
    }
    if (crashes > 200) {
      expect(new Set(out).size).toBe(1_000);
      expect(out.length).toBe(1_000);
      break;
    }
  }
  await t.stop();
});

test('an app that has stopped leaves no clock running', async () => {
  const pending = async (options: object): Promise<number> => {
    const t = await run(app => {
      app
        .topic('in', text)
        .pipe(count(app.state('counts', counts), { window: windows, emit: 'final', ...options }))
        .subscribe(app.to('out', printedWindows));
    });
    t.pipeIn('in', [at('a', 4_000)]);
    await t.advance(1_000);
    await t.stop();
    return t.clock.pending;
  };
  expect(await pending({ closeWhenIdleMs })).toBe(await pending({}));
});

test.each([
  [{ emit: 'updates', window: windows }],
  [{ emit: 'commit', window: windows }],
  [{ emit: { everyMs: 100 }, window: windows }],
  [{ emit: 'updates', window: unlimited() }],
] as const)('is refused where no result waits for stream time: %j', async options => {
  const topology = (app: App): void => {
    app
      .topic('in', text)
      .pipe(
        count(app.state('counts', counts), { ...(options as { window: typeof windows }), closeWhenIdleMs }),
      )
      .subscribe(app.to('out', printedWindows));
  };
  await expect(testApp(topology)).rejects.toMatchObject({
    code: 'CONFIGURATION',
    message: expect.stringMatching(/^count: closeWhenIdleMs/),
  });
});

test.each([0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '5'])(
  'is a whole number from 1 up, and not %s',
  async ms => {
    const wrong = { closeWhenIdleMs: ms as number };
    const topologies: readonly ((app: App) => unknown)[] = [
      app => count(app.state('c', counts), { window: windows, emit: 'final', ...wrong }),
      app =>
        cogroup(app.state('c', counts), [[NEVER, () => 1]], {
          initial: () => 1,
          window: windows,
          emit: 'final',
          ...wrong,
        }),
      app => suppress(app.state('c', counts), { until: 'windowCloses', window: windows, ...wrong }),
      app =>
        suppress(app.state('c', counts), { until: 'timeLimit', limitMs: 1, closeWhenIdleMs: 5 } as never),
    ];
    for (const topology of topologies)
      await expect(testApp(app => void topology(app))).rejects.toMatchObject({ code: 'CONFIGURATION' });
  },
);
