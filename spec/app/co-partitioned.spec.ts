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
    ['orders', 'others', 'unread'],
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
  ['equal counts', { orders: 4, payments: 4, others: 7 }, [['orders', 'payments', 'unread']]],
  ['no group', { orders: 4, payments: 3 }, []],
])('%s are taken', async (_, counts, coPartitioned) => {
  const { app } = reading(counts, coPartitioned);
  const running = app.run();
  await app.stop();
  await running;
});
