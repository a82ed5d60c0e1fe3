/** What one record closes comes out in parts: however much it is, the process does other things in between. */
import { type Codec, createApp, number, string } from 'kafka-rx';
import { MemoryBroker, memory } from 'kafka-rx/memory';
import type { App } from '../../../lib/app/interface.js';
import type { AppOptions } from '../../../lib/app/options.js';
import type { Windowed } from '../../../lib/codecs/windowed.js';
import type { ConsumerOptions, Driver, DriverConnection } from '../../../lib/drivers/port.js';
import type { OnMissingCut } from '../../../lib/state/state.js';
import { hopping } from '../../../lib/time/hopping.js';
import { mapAsync } from '../../../operators/mapAsync.js';
import { aggregate } from '../../../operators/state/aggregate.js';

/** Such as `a@10`. */
const inWindow: Codec<Windowed<string>> = {
  name: 'inWindow',
  decode: () => {
    throw new Error('only written');
  },
  encode: ({ key, start }) => Buffer.from(`${key}@${start}`),
};

const windowsOfOne = 1_000;

/** Each record is in so many windows, and the record at the far time closes all of them. */
function counts(
  app: App,
  { closeWhenIdleMs, onMissingCut }: { closeWhenIdleMs?: number; onMissingCut?: OnMissingCut } = {},
) {
  return app.topic('in', { key: string, value: string }).pipe(
    aggregate(app.state('counts', { key: string, value: number, onMissingCut }), {
      initial: () => 0,
      add: count => count + 1,
      window: hopping(windowsOfOne, { advanceMs: 1, graceMs: 0 }),
      emit: 'final',
      closeWhenIdleMs,
    }),
  );
}

/** Watches the turns of the event loop, by the time that the process itself has had in each: other processes take their share of the wall's. */
function watchTurns() {
  let longestMs = 0;
  let before = process.cpuUsage();
  let next: NodeJS.Immediate;
  const look = (): void => {
    const { user, system } = process.cpuUsage(before);
    longestMs = Math.max(longestMs, (user + system) / 1_000);
    before = process.cpuUsage();
    next = setImmediate(look);
  };
  next = setImmediate(look);
  return () => {
    clearImmediate(next);
    return longestMs;
  };
}

const far = 1_000_000;
const sleep = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

async function until(met: () => boolean, boundMs: number): Promise<void> {
  for (const end = Date.now() + boundMs; !met(); await sleep(10)) {
    if (Date.now() > end) throw new Error('it did not come to that');
  }
}

async function started(
  wire: (app: App) => void,
  options: Partial<AppOptions> = {},
  broker = new MemoryBroker(),
) {
  const app = createApp({ groupId: 'test', driver: memory({ broker }), ...options });
  wire(app);
  for (const topic of new Set(app.describe().nodes.flatMap(({ topics }) => topics)))
    broker.createTopic(topic, 1);
  const running = app.run();
  running.catch(() => {});
  await until(() => app.health().state === 'running', 5_000);
  return { app, broker, running };
}

const isAlone = process.env['KAFKA_RX_TRIALS'] === 'long';
/** Beside other suites on the same cores a collection of garbage alone may take a tenth of a second; in one go it would be seconds. */
const boundMs = isAlone ? 50 : 500;

// A million with KEYS=1000, and the bound that is promised with KAFKA_RX_TRIALS=long.
test('fifty thousand windows that one record closes do not block the process', async () => {
  const keys = Number(process.env['KEYS'] ?? 50);
  let results = 0;
  let counted = 0;
  const { app, broker, running } = await started(app =>
    counts(app).subscribe(
      app.watch(({ value }) => {
        results++;
        counted += value;
      }),
    ),
  );
  for (let i = 0; i < keys; i++) {
    broker.publish('in', [{ key: Buffer.from(`k${i}`), value: Buffer.from('x'), timestamp: windowsOfOne }]);
  }
  await until(() => broker.committed('test', 'in')[0] === keys, 60_000);
  const longest = watchTurns();
  const begun = Date.now();
  broker.publish('in', [{ key: Buffer.from('k'), value: Buffer.from('x'), timestamp: far }]);
  await until(() => results >= keys * windowsOfOne, 120_000);
  await until(() => broker.committed('test', 'in')[0] === keys + 1, 60_000);
  const longestMs = longest();
  if (process.env['KEYS'] !== undefined)
    console.log(`took ${Date.now() - begun} ms, longest ${longestMs} ms`);
  await app.stop();
  await running;
  expect([results, counted]).toEqual([keys * windowsOfOne, keys * windowsOfOne]);
  expect(longestMs).toBeLessThan(boundMs);
}, 240_000);

const out = { key: inWindow, value: number };

/** All that was committed of a topic, by key. */
function written(broker: MemoryBroker): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  for (const { key } of broker.records('out')) times.set(`${key}`, (times.get(`${key}`) ?? 0) + 1);
  return times;
}

test.each(['aborted', 'stopped'] as const)(
  'closing that is %s half-way goes on from where it was, and no record overtakes it',
  async how => {
    const keys = 12;
    const all = keys * windowsOfOne;
    const wire = (app: App): void => void counts(app).subscribe(app.to('out', out));
    const options = { guarantee: 'exactly-once', commit: { intervalMs: 20 } } as const;
    const first = await started(wire, options);
    const { broker } = first;
    for (let i = 0; i < keys; i++) {
      broker.publish('in', [{ key: Buffer.from(`k${i}`), value: Buffer.from('x'), timestamp: windowsOfOne }]);
    }
    await until(() => broker.committed('test', 'in')[0] === keys, 30_000);
    expect(written(broker).size).toBe(0);
    // The second is late for all windows but its own, and closes those of the first.
    broker.publish('in', [
      { key: Buffer.from('k'), value: Buffer.from('x'), timestamp: far },
      { key: Buffer.from('l'), value: Buffer.from('x'), timestamp: 2 * far },
    ]);
    await until(() => written(broker).size > 0, 30_000);
    const before = written(broker).size;
    expect(before).toBeLessThan(all);
    let { app, running } = first;
    if (how === 'aborted') broker.faults.refuseCommits(1);
    else {
      await app.stop();
      await running;
      expect(written(broker).size).toBeLessThan(all);
      app = createApp({ groupId: 'test', driver: memory({ broker }), ...options });
      wire(app);
      running = app.run();
    }
    await until(() => written(broker).size >= all + windowsOfOne, 60_000);
    await until(() => broker.committed('test', 'in')[0] === keys + 2, 30_000);
    await app.stop();
    await running;
    const times = written(broker);
    expect(times.size).toBe(all + windowsOfOne);
    expect([...new Set(times.values())]).toEqual([1]);
    const starts = broker.records('out').map(({ key }) => Number(`${key}`.split('@')[1]));
    expect(starts).toEqual([...starts].sort((a, b) => a - b));
  },
  120_000,
);

test('closing by the clock that is stopped half-way goes on after the start, without a record', async () => {
  const keys = 12;
  const all = keys * windowsOfOne;
  const wire = (app: App): void => void counts(app, { closeWhenIdleMs: 1_200 }).subscribe(app.to('out', out));
  const options = { guarantee: 'exactly-once', commit: { intervalMs: 20 } } as const;
  const { app, broker, running } = await started(wire, options);
  for (let i = 0; i < keys; i++) {
    broker.publish('in', [{ key: Buffer.from(`k${i}`), value: Buffer.from('x'), timestamp: windowsOfOne }]);
  }
  await until(() => written(broker).size > 0, 30_000);
  await app.stop();
  await running;
  expect(written(broker).size).toBeLessThan(all);
  const next = createApp({ groupId: 'test', driver: memory({ broker }), ...options });
  wire(next);
  const runningNext = next.run();
  try {
    await until(() => written(broker).size >= all, 30_000);
  } finally {
    await next.stop();
    await runningNext;
  }
  expect([...new Set(written(broker).values())]).toEqual([1]);
}, 120_000);

/** Tells an app only so many milliseconds later where its inputs begin. */
function answeringLate(driver: Driver, ms: number): Driver {
  return {
    ...driver,
    async connect(context) {
      const connection = await driver.connect(context);
      const consumer: DriverConnection['consumer'] = (options, listener) => {
        const resumeAt: ConsumerOptions['resumeAt'] = async partitions => {
          await sleep(ms);
          return (await options.resumeAt?.(partitions)) ?? partitions.map(() => undefined);
        };
        return connection.consumer({ ...options, resumeAt }, listener);
      };
      return new Proxy(connection, {
        get(of, name) {
          if (name === 'consumer') return consumer;
          const member: unknown = Reflect.get(of, name, of);
          return typeof member === 'function' ? member.bind(of) : member;
        },
      });
    },
  };
}

test('closing that was stopped half-way does not go on over states that are emptied: what they come to anew is closed', async () => {
  const keys = 12;
  const all = keys * windowsOfOne;
  const options = { guarantee: 'exactly-once', commit: { intervalMs: 20 } } as const;
  const { app, broker, running } = await started(
    app => void counts(app).subscribe(app.to('out', out)),
    options,
  );
  for (let i = 0; i < keys; i++) {
    broker.publish('in', [{ key: Buffer.from(`k${i}`), value: Buffer.from('x'), timestamp: windowsOfOne }]);
  }
  await until(() => broker.committed('test', 'in')[0] === keys, 30_000);
  broker.publish('in', [{ key: Buffer.from('k'), value: Buffer.from('x'), timestamp: far }]);
  await until(() => written(broker).size > 0, 30_000);
  await app.stop();
  await running;
  const before = broker.records('out').length;
  expect(before).toBeLessThan(all);
  broker.setCommitted('test', { topic: 'in', partition: 0 }, 0);
  // As with Kafka: between the states and the offsets that say what becomes of them there are requests.
  const driver = answeringLate(memory({ broker }), 30);
  const next = createApp({ groupId: 'test', driver, ...options });
  counts(next, { onMissingCut: 'empty' }).subscribe(next.to('out', out));
  const runningNext = next.run();
  try {
    await until(() => broker.committed('test', 'in')[0] === keys + 1, 30_000);
    await until(() => broker.records('out').length >= before + all, 20_000);
  } finally {
    await next.stop();
    await runningNext;
  }
}, 120_000);

test('what comes out of mapAsync while closing rests at a barrier is taken all the same', async () => {
  const keys = 12;
  let letGo = (): void => {};
  const { app, broker, running } = await started(
    one =>
      void one
        .topic('in', { key: string, value: string })
        .pipe(
          mapAsync(value =>
            value === 'slow'
              ? new Promise<string>(resolve => {
                  letGo = () => resolve(value);
                })
              : Promise.resolve(value),
          ),
          aggregate(one.state('counts', { key: string, value: number }), {
            initial: () => 0,
            add: count => count + 1,
            window: hopping(windowsOfOne, { advanceMs: 1, graceMs: 0 }),
            emit: 'final',
          }),
        )
        .subscribe(one.to('out', out)),
    { commit: { intervalMs: 20 } },
  );
  const publish = (key: string, value: string, timestamp: number) =>
    broker.publish('in', [{ key: Buffer.from(key), value: Buffer.from(value), timestamp }]);
  for (let i = 0; i < keys; i++) publish(`k${i}`, 'x', windowsOfOne);
  await until(() => broker.committed('test', 'in')[0] === keys, 30_000);
  publish('slow', 'slow', 2 * far);
  publish('far', 'x', far);
  await until(() => written(broker).size > 0, 30_000);
  try {
    // The barrier waits for the slow one, and closing rests.
    await sleep(200);
    expect(written(broker).size).toBeLessThan(keys * windowsOfOne);
    letGo();
    await until(() => broker.committed('test', 'in')[0] === keys + 2, 20_000);
    await until(() => written(broker).size >= (keys + 1) * windowsOfOne, 20_000);
  } finally {
    await app.stop({ deadlineMs: 1_000 });
    await running;
  }
}, 120_000);
