/** What a task of several inputs waits for, and how long: through full bounds, pauses, traffic, and records that are no good. */
import { type App, memoryStore, string } from 'kafka-rx';
import { share } from 'kafka-rx/operators';
import { held, Members } from './members.js';
import { coPartitioned, dated, times, twoInputs } from './two-inputs.js';

const value = string;

describe.each(['at-least-once', 'exactly-once'] as const)(
  'an input of which nothing is here, %s',
  guarantee => {
    test('keeps no other task from being fetched, once it is known to be at its end, however much waits for it', async () => {
      const { members, seen, start } = twoInputs({
        ...{ guarantee, maxTaskIdleMs: 600_000, bounds: { maxQueuedBytes: 65_536 } },
      });
      for (let i = 0; i < 300; i++) members.broker.publish('orders', [dated(i, 0, 'x'.repeat(900))]);
      start();
      await members.pass(10_000);
      for (const topic of ['payments', 'orders']) members.broker.publish(topic, [dated(1, 1)]);
      await members.pass(10_000);
      // Behind that, this task waits for the next of orders in its turn.
      expect(seen).toEqual(['orders 1 1']);
    });

    test.each([0, -1, 5_000])(
      'goes on after a full intake, though its task stood at its span then (maxTaskIdleMs %i)',
      async maxTaskIdleMs => {
        const members = new Members({ orders: 2, payments: 2 });
        const seen: string[] = [];
        const wire = (app: App): void => {
          for (const topic of ['orders', 'payments'])
            app.topic(topic, { value }).subscribe(
              app.each(async ({ partition }) => {
                seen.push(`${topic} ${partition}`);
                if (partition === 0)
                  await new Promise<void>(done => void members.clock.schedule(() => done(), 1_000));
              }),
            );
        };
        const bounds = { maxSpan: 5, maxQueuedBytes: 100_000 };
        members.start(wire, { coPartitioned, maxTaskIdleMs, guarantee, bounds });
        await members.pass(6_000);
        members.broker.publish(
          'orders',
          Array.from({ length: 20 }, (_, i) => dated(1 + i)),
        );
        await members.pass(7_000);
        members.broker.publish(
          'orders',
          Array.from({ length: 4 }, (_, i) => dated(1 + i, 1, 'y'.repeat(50_000))),
        );
        await members.pass(120_000);
        expect(seen).toHaveLength(24);
        members.broker.publish(
          'payments',
          [100, 101, 102].map(time => dated(time)),
        );
        await members.pass(60_000);
        expect(seen.slice(24)).toEqual(['payments 0', 'payments 0', 'payments 0']);
      },
    );

    test('is told of for as long as it is waited for, whatever comes of the others meanwhile', async () => {
      const { members, seen, start } = twoInputs({ guarantee, maxTaskIdleMs: 600_000 });
      const { app } = start();
      await members.pass(1_000);
      for (let i = 0; i < 120; i++) {
        members.broker.publish('payments', [dated(i)]);
        await members.pass(1_000);
      }
      expect(seen).toEqual([]);
      expect(app.health().reasons).toEqual([expect.stringMatching(/'orders' keeps .* for 1(19|20) s now/)]);
    });

    test('is waited for from its last record on, also where it was told of as at its end before that had its turn', async () => {
      const members = new Members({ orders: 1, payments: 1 });
      const seen: string[] = [];
      const first = held();
      members.start(
        app => {
          for (const topic of ['orders', 'payments'])
            app.topic(topic, { value }).subscribe(
              app.each(async ({ timestamp }) => {
                seen.push(`${topic} ${timestamp}`);
                if (timestamp === 1) await first.promise;
              }),
            );
        },
        { coPartitioned, guarantee, maxTaskIdleMs: 3_000, bounds: { maxSpan: 1 } },
      );
      members.broker.publish('orders', [dated(1)]);
      members.broker.publish('payments', [dated(10)]);
      await members.pass(1_000);
      members.broker.publish('orders', [dated(2)]);
      await members.pass(1_000);
      first.resolve();
      await members.pass(1_000);
      members.broker.publish('orders', [dated(7)]);
      await members.pass(10_000);
      expect(seen).toEqual(['orders 1', 'orders 2', 'orders 7', 'payments 10']);
    });

    test('is not waited for anew with each batch that holds no record', async () => {
      const { members, seen, start } = twoInputs({ guarantee, maxTaskIdleMs: 3_000 });
      start();
      members.broker.publish('payments', [dated(5)]);
      for (let i = 0; i < 4; i++) {
        const aborted = members.broker.transaction();
        aborted.publish('orders', [dated(1)]);
        aborted.abort();
        await members.pass(1_000);
      }
      expect(seen).toEqual(['payments 0 5']);
    });
  },
);

test('an input is fetched once its task waits no more, though what another task never lets go of fills the intake', async () => {
  const members = new Members({ orders: 2, payments: 2 });
  const seen: string[] = [];
  const wire = (app: App): void => {
    for (const topic of ['orders', 'payments'])
      app.topic(topic, { value }).subscribe(
        app.each(async ({ partition, timestamp }) => {
          if (partition === 0) await new Promise<void>(() => {});
          seen.push(`${topic} ${timestamp}`);
        }),
      );
  };
  const bounds = { maxSpan: 5, maxQueuedBytes: 65_536 };
  members.start(wire, { coPartitioned, maxTaskIdleMs: 5_000, bounds });
  for (let i = 0; i < 300; i++) members.broker.publish('orders', [dated(i, 0, 'x'.repeat(900))]);
  await members.pass(10_000);
  for (const timestamp of [1, 2, 3]) {
    members.broker.publish('orders', [dated(timestamp, 1)]);
    await members.pass(10_000);
  }
  expect(seen).toEqual(['orders 1', 'orders 2', 'orders 3']);
});

test('a store is filled again of several inputs however full the intake is, and what is held behind that comes next', async () => {
  const members = new Members({ orders: 2, payments: 2, out: 1 });
  const options = { guarantee: 'exactly-once', coPartitioned, bounds: { maxQueuedBytes: 65_536 } } as const;
  const copied =
    (store: ReturnType<typeof memoryStore<string>>) =>
    (app: App): void => {
      const both$ = app.topic(['orders', 'payments'], { value }).pipe(share());
      both$.subscribe(app.to('out', { value }));
      both$.subscribe(app.store(store));
    };
  const first = members.start(copied(memoryStore<string>('copies')), options);
  await members.pass(300);
  for (const partition of [0, 1]) members.broker.publish('orders', [dated(1, partition)]);
  await members.pass(5_000);
  await members.stop(first);
  for (const topic of ['payments', 'orders'])
    for (let i = 0; i < 300; i++)
      members.broker.publish(topic, [dated(10 + i, i % 2, `${topic} ${'y'.repeat(900)}${i}`)]);
  const lost = memoryStore<string>('copies');
  const second = members.start(copied(lost), options);
  await members.pass(60_000);
  expect([members.values('out').length, lost.documents().length]).toEqual([602, 602]);
  expect(second.app.health().reasons).toEqual([]);
});

test('what a codec prepares is not fetched beyond its bound, though its task waits for it', async () => {
  const waiting = held();
  let fetched = 0;
  const slow = {
    ...string,
    prepare: (batch: readonly (Buffer | null)[]) => {
      for (const bytes of batch) fetched += bytes?.length ?? 0;
      return waiting.promise;
    },
  };
  const bounds = { maxQueuedBytes: 3_000_000, maxQueuedBytesPerPartition: 100_000 };
  const { members, start } = twoInputs({ bounds }, { orders: { value: slow } });
  const large = 'x'.repeat(50_000);
  for (let i = 0; i < 400; i++) members.broker.publish('orders', [dated(i, 0, large)]);
  members.broker.publish('payments', [dated(1_000)]);
  const { app } = start();
  await members.pass(120_000);
  expect(fetched).toBeLessThan(5_000_000);
  expect(app.health().reasons).toEqual(
    expect.arrayContaining([expect.stringContaining('a codec prepares what has come of it')]),
  );
});

test('a decode that gives a promise is a problem of its record, and no rejection is left', async () => {
  const rejections: unknown[] = [];
  const note = (reason: unknown): void => void rejections.push(reason);
  process.on('unhandledRejection', note);
  const rejecting = { ...string, decode: async () => Promise.reject(new Error('boom')) };
  const { members, seen, start } = twoInputs(
    {},
    { orders: { value: rejecting, timestamp: Number, onDecodeError: 'skip' } },
  );
  start();
  members.broker.publish('orders', [dated(1)]);
  members.broker.publish('payments', [dated(2)]);
  await members.pass(1_000);
  await new Promise(resolve => setTimeout(resolve, 20));
  process.off('unhandledRejection', note);
  expect([rejections, seen, members.committed('orders')]).toEqual([[], ['payments 0 2'], [1, -1]]);
});

test.each([{}, { timestamp: Number }])(
  'a record too far ahead keeps those behind it from nothing: its problem comes at once (%p)',
  async source => {
    const { members, seen, start } = twoInputs(
      {},
      { orders: { maxAheadMs: 60_000, onDecodeError: 'skip', ...source } },
    );
    await members.clock.advanceAsync(1_000_000);
    const now = members.clock.now();
    members.broker.publish('orders', [dated(now - 900), dated(now * 10), dated(now - 800), dated(now - 799)]);
    members.broker.publish(
      'payments',
      Array.from({ length: 200 }, (_, i) => dated(now - 1_000 + i * 4)),
    );
    start();
    await members.pass(5_000);
    expect(seen).toHaveLength(203);
    expect(times(seen)).toEqual(times(seen).sort((a, b) => a - b));
  },
);
