import type { ReadBatch } from '../../../lib/drivers/port.js';
import { MemoryWorld } from './memory-world.js';

test('a reader that waits has what comes at once, and nothing after half a second', async () => {
  const world = new MemoryWorld();
  world.broker.createTopic('in', 1);
  const { connection } = await world.client();
  const reader = connection.reader?.({
    ...{ topic: 'in', partition: 0, from: 0 },
    ...{ maxBytes: 100, readCommitted: true },
  });
  const heard: (number | undefined)[] = [];
  const ask = async (): Promise<void> => {
    void reader?.next().then((batch: ReadBatch | undefined) => void heard.push(batch?.count));
    await world.settle();
  };
  await ask();
  expect(heard).toEqual([undefined]);
  await ask();
  await world.pass(100);
  expect(heard).toHaveLength(1);
  world.broker.publish('in', [{ value: 'a' }]);
  await world.settle();
  expect(heard).toEqual([undefined, 1]);
  await ask();
  await ask();
  await world.pass(490);
  expect(heard).toEqual([undefined, 1, undefined]);
  await world.pass(10);
  expect(heard).toEqual([undefined, 1, undefined, undefined]);
  expect(world.clock.nextInMs).toBeUndefined();
});
