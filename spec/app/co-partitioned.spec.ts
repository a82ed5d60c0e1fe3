import { createApp, silentLogger, string } from 'kafka-rx';
import { MemoryBroker, memory } from 'kafka-rx/memory';

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
  await expect(start('payouts').run()).rejects.toMatchObject({ code: 'CONFIGURATION' });
});
