/** What an app hands to its driver when it starts, and what health() says of it while that does not answer. */
import { type App, type AppOptions, type ConsumerOptions, memoryStore, string } from 'kafka-rx';
import { mapAsync } from 'kafka-rx/operators';
import { driverWith } from './driver-with.js';
import { Members } from './members.js';

const value = string;
const never = new Promise<never>(() => {});

const reading = (app: App): void =>
  void app.topic(/^(orders|payments)$/, { value }).subscribe(app.each(() => {}));

test('partitions of co-partitioned topics that nobody tells of are a reason in health', async () => {
  const members = new Members({ orders: 1, payments: 1 });
  const driver = driverWith(members, inner => ({
    topics: names => (names === undefined ? inner.topics() : never),
  }));
  const { app } = members.start(reading, { driver, coPartitioned: [['orders', 'payments']] });
  await members.pass(60_000);
  expect(app.health().reasons).toContainEqual(
    expect.stringContaining('the partitions of co-partitioned topics'),
  );
});

test('where co-partitioned topics begin is asked of all of them at once: documents of several records are cut otherwise', async () => {
  const members = new Members({ orders: 2, payments: 2 });
  const asked: string[][] = [];
  const driver = driverWith(members, inner => ({
    consumer: (options, listener) => {
      const resumeAt: ConsumerOptions['resumeAt'] = async partitions => {
        asked.push(partitions.map(({ topic, partition }) => `${topic}-${partition}`).sort());
        return options.resumeAt?.(partitions) ?? [];
      };
      return inner.consumer({ ...options, resumeAt }, listener);
    },
  }));
  const member = members.start(
    app => void app.topic(/^(orders|payments)$/, { value }).subscribe(app.store(memoryStore<string>('all'))),
    { driver, coPartitioned: [['orders', 'payments']] },
  );
  await members.pass(500);
  expect(asked).toEqual([['orders-0', 'orders-1', 'payments-0', 'payments-1']]);
  await members.stop(member);
});

test('a group that does not take new topics is a reason in health', async () => {
  const members = new Members({ orders: 1 });
  const driver = driverWith(members, inner => ({
    consumer: (options, listener) =>
      Object.defineProperty(inner.consumer(options, listener), 'subscribe', { value: () => never }),
  }));
  const { app } = members.start(reading, { driver, discoveryMs: 1_000 });
  await members.pass(500);
  members.broker.createTopic('payments', 1);
  await members.pass(60_000);
  expect(app.health().reasons).toContainEqual(expect.stringContaining('the group to take new topics'));
});

test.each([
  [undefined, 'group'],
  ['mine', 'mine'],
])('its clients have the name that it is given, or that of its group: %p', async (clientId, name) => {
  const members = new Members({ orders: 1 });
  const connected: string[] = [];
  const options = clientId === undefined ? {} : { clientId };
  const member = members.start(reading, { driver: driverWith(members, () => ({}), connected), ...options });
  await members.pass(500);
  expect(connected).toEqual([name]);
  await members.stop(member);
});

test.each<[Partial<AppOptions>, string]>([
  [{ stallTimeoutMs: 60_000 }, 'raise stallTimeoutMs'],
  [{ guarantee: 'exactly-once' }, 'raise transactionTimeoutMs'],
  [
    { guarantee: 'exactly-once', stallTimeoutMs: 30_000 },
    'raise stallTimeoutMs (above 48000 ms with transactionTimeoutMs)',
  ],
  [{ guarantee: 'exactly-once', stallTimeoutMs: 48_000 }, 'raise transactionTimeoutMs and stallTimeoutMs'],
])('a record that does not settle is told by what bounds it: %p', async (options, remedy) => {
  const members = new Members({ in: 1, out: 1 });
  const member = members.start(app => {
    app
      .topic('in', { value })
      .pipe(mapAsync(() => never))
      .subscribe(app.to('out', { value }));
  }, options);
  await members.pass(500);
  members.publish('in', 'a');
  await members.pass(120_000);
  expect(member.outcome).toMatchObject({ code: 'STALLED', remedy: expect.stringContaining(remedy) });
});
