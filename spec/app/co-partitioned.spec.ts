import { createApp, silentLogger, string } from 'kafka-rx';
import { MemoryBroker, memory } from 'kafka-rx/memory';
import { Members } from './members.js';

const started: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  for (const app of started.splice(0)) await app.stop().catch(() => {});
});

function reading(counts: Readonly<Record<string, number>>, coPartitioned: readonly (readonly string[])[]) {
  const broker = new MemoryBroker();
  for (const [topic, partitions] of Object.entries(counts)) broker.createTopic(topic, partitions);
  const app = createApp({ groupId: 'g', driver: memory({ broker }), coPartitioned, logger: silentLogger });
  for (const topic of Object.keys(counts)) app.topic(topic, { value: string }).subscribe(app.each(() => {}));
  started.push(app);
  return { app, broker };
}

test('topics of which the partitions cannot meet are refused before the group is joined, with their counts', async () => {
  const { app, broker } = reading({ orders: 4, payments: 3, others: 7 }, [
    ['orders', 'others'],
    ['payments'],
  ]);
  await expect(app.run()).rejects.toMatchObject({
    code: 'CONFIGURATION',
    message: expect.stringContaining('orders has 4, others has 7'),
    remedy: expect.stringContaining('partitions'),
  });
  expect(broker.members('g')).toEqual([]);
});

test.each([
  ['equal counts', { orders: 4, payments: 4, others: 7 }, [['orders', 'payments']]],
  ['no group', { orders: 4, payments: 3 }, []],
])('%s are taken', async (_, counts, coPartitioned) => {
  const { app } = reading(counts, coPartitioned);
  const running = app.run();
  await app.stop();
  await running;
});

test.each([
  ['paymnets', "'paymnets', which no source reads; 'payments' is read"],
  ['orders-by-region', "'orders-by-region', which no source reads"],
])('a topic that no source can mean is refused before a broker is asked: %s', async (name, message) => {
  const { app } = reading({ orders: 2, payments: 3 }, [['orders', name]]);
  await expect(app.run()).rejects.toMatchObject({
    code: 'CONFIGURATION',
    message: expect.stringContaining(message),
    remedy: expect.stringMatching(/^(Write payments|Give a name that app\.topic reads)/),
  });
});

test('a topic that a RegExp may find later is taken, and one that it cannot find is not', async () => {
  const start = (name: string) => {
    const broker = new MemoryBroker();
    broker.createTopic('orders', 2);
    broker.createTopic('payouts', 3);
    const driver = memory({ broker });
    const app = createApp({ groupId: 'g', driver, coPartitioned: [['orders', name]], logger: silentLogger });
    app.topic(/^(orders|.*pay.*)$/, { value: string }).subscribe(app.to('payouts', { value: string }));
    started.push(app);
    return app;
  };
  const app = start('payments');
  const running = app.run();
  await app.stop();
  await running;
  await expect(start('refunds').run()).rejects.toMatchObject({ code: 'CONFIGURATION' });
  // Neither an internal topic nor what the app writes is found by one.
  await expect(start('__payments').run()).rejects.toMatchObject({ code: 'CONFIGURATION' });
  await expect(start('payouts').run()).rejects.toMatchObject({
    code: 'CONFIGURATION',
    message: expect.stringContaining("'payouts', which this app writes"),
    remedy: expect.stringContaining('a source by RegExp reads nothing that its own app writes'),
  });
});

describe('while the app runs', () => {
  const coPartitioned = [['orders', 'payments']];
  const differ = (orders: number, payments: number) => ({
    code: 'CONFIGURATION',
    message: expect.stringContaining(`orders has ${orders}, payments has ${payments}`),
  });

  function running(guarantee: 'at-least-once' | 'exactly-once', topics: Readonly<Record<string, number>>) {
    const members = new Members(topics);
    const seen: string[] = [];
    const member = members.start(
      app => {
        app
          .topic(/^(orders|payments)$/, { value: string })
          .subscribe(
            app.each(({ topic, partition, value }) => void seen.push(`${topic}/${partition} ${value}`)),
          );
      },
      { coPartitioned, guarantee, discoveryMs: 1_000 },
    );
    return { members, member, seen };
  }

  describe.each(['at-least-once', 'exactly-once'] as const)('%s', guarantee => {
    test('partitions that one of them has gained fail the app by name, before anything of the new ones is handed out', async () => {
      const { members, member, seen } = running(guarantee, { orders: 2, payments: 2 });
      await members.pass(500);
      members.publish('orders', 'a');
      await members.pass(500);
      members.broker.addPartitions('orders', 3);
      members.broker.publish('orders', [{ value: 'new', partition: 2 }]);
      await members.pass(5_000);
      expect(member.outcome).toMatchObject(differ(3, 2));
      expect(seen).toEqual(['orders/0 a']);
    });

    test('partitions that all of them have gained by the time of the assignment are taken', async () => {
      const { members, member, seen } = running(guarantee, { orders: 2, payments: 2 });
      await members.pass(500);
      for (const topic of ['orders', 'payments']) members.broker.addPartitions(topic, 3);
      for (const topic of ['orders', 'payments'])
        members.broker.publish(topic, [{ value: 'new', partition: 2, timestamp: 1 }]);
      await members.pass(10_000);
      expect([member.outcome, seen.sort()]).toEqual(['running', ['orders/2 new', 'payments/2 new']]);
      await members.stop(member);
    });

    test('one that is found later with another number fails the app by name, and is not subscribed to', async () => {
      const { members, member, seen } = running(guarantee, { orders: 2 });
      const subscribed: unknown[] = [];
      member.app.events$.subscribe(event => event.type === 'subscribed' && subscribed.push(event.topics));
      await members.pass(500);
      members.broker.createTopic('payments', 4);
      members.publish('payments', 'a');
      await members.pass(5_000);
      expect(member.outcome).toMatchObject(differ(2, 4));
      expect([seen, subscribed.flat()]).toEqual([[], ['orders']]);
    });

    test('one that is made anew with another number fails the app by name', async () => {
      const { members, member } = running(guarantee, { orders: 2, payments: 2 });
      await members.pass(500);
      members.broker.deleteTopic('payments');
      members.broker.createTopic('payments', 1);
      await members.pass(5_000);
      expect(member.outcome).toMatchObject(differ(2, 1));
    });
  });

  test('brokers that do not answer keep the partitions waiting, and fail nothing', async () => {
    const { members, member, seen } = running('at-least-once', { orders: 1, payments: 1 });
    await members.pass(500);
    members.broker.faults.rebalance('group');
    members.broker.faults.down();
    await members.pass(3_000);
    members.broker.faults.up();
    members.publish('orders', 'a');
    await members.pass(3_000);
    expect([member.outcome, seen]).toEqual(['running', ['orders/0 a']]);
    await members.stop(member);
  });
});
