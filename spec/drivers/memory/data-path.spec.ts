import type { Clock } from '../../../lib/base/clock.js';
import { MemoryBroker, memory } from '../../../lib/drivers/memory/index.js';
import type { ConsumerListener, ConsumerOptions, FetchedBatch } from '../../../lib/drivers/port.js';
import { noHeaders } from '../../../lib/record/headers.js';
import { VirtualClock } from '../../../lib/testing/virtual-clock.js';
import { RecordingOutput } from '../../contract/contract-client.js';
import { quietContext } from '../quiet-context.js';
import { append, MemoryWorld } from './memory-world.js';

const consumerOptions: ConsumerOptions = {
  groupId: 'g',
  topics: ['in'],
  startFrom: 'earliest',
  coPartitioned: [],
  sessionTimeoutMs: 30_000,
  rebalanceTimeoutMs: 60_000,
  readCommitted: true,
};
const deafConsumer: ConsumerListener = {
  assigned() {},
  async revoking() {},
  lost() {},
  confirmed() {},
  failed() {},
  batch() {},
};
const connect = (broker: MemoryBroker, clock: Clock) =>
  memory({ broker }).connect(quietContext('plain', clock));

describe('the way of a record through the memory driver', () => {
  async function pipeline() {
    const world = new MemoryWorld();
    const client = await world.client();
    for (const topic of ['in', 'out']) world.broker.createTopic(topic, 1);
    const producer = await client.producer(['in', 'out']);
    const started = client.consumer('g', ['in']);
    await world.during(started.consumer.start());
    return { world, client, producer, ...started };
  }

  test('needs the clock’s deferred queue and no promise: it runs synchronously under the test’s hand', async () => {
    const { world, client, producer, seen } = await pipeline();
    const heard = new RecordingOutput(client.calls);
    append(producer.output({ topic: 'in', partition: 0 }, heard), 'a', 'b');
    expect([seen.records.length, heard.acknowledgedCount]).toEqual([0, 0]);
    world.clock.flush();
    expect([seen.records.length, heard.heard]).toEqual([2, [{ count: 2, baseOffset: 0 }]]);
  });

  test('a feedback loop keeps the order of its key: a batch never comes within another', async () => {
    const { world, producer, seen } = await pipeline();
    const back = producer.output(
      { topic: 'in', partition: 0 },
      new RecordingOutput((await world.client()).calls),
    );
    let left = 20;
    seen.onBatch = () => {
      if (left-- > 0) append(back, String(left));
    };
    world.broker.publish('in', [{ value: 'first' }]);
    world.clock.flush();
    expect(seen.records).toHaveLength(21);
    expect(seen.breaches).toEqual([]);
  });

  test('appends of one turn share a request, appends during a request wait for the next', async () => {
    const { world, client, producer } = await pipeline();
    world.broker.faults.delayAcknowledgements(10);
    const heard = new RecordingOutput(client.calls);
    const output = producer.output({ topic: 'out', partition: 0 }, heard);
    append(output, '0', '1', '2');
    world.clock.advance(5);
    append(output, '3');
    append(output, '4');
    world.clock.flush();
    expect(world.values('out')).toEqual(['0', '1', '2']);
    world.clock.advance(20);
    expect(heard.heard).toEqual([
      { count: 3, baseOffset: 0 },
      { count: 2, baseOffset: 3 },
    ]);
  });

  test('a fetch is bounded in records and in bytes, and a record above the bound comes alone', async () => {
    const { world, seen } = await pipeline();
    const large = 'x'.repeat(700_000);
    world.broker.publish('in', [
      ...Array.from({ length: 1200 }, () => ({ value: 'small' })),
      ...[large, large, 'x'.repeat(3_000_000), large].map(value => ({ value })),
    ]);
    world.clock.flush();
    expect(seen.batches.map(({ count }) => count)).toEqual([500, 500, 201, 1, 1, 1]);
  });

  test('a batch hands out records of the log as it was fetched, whatever happens to the log meanwhile', async () => {
    const world = new MemoryWorld();
    world.broker.createTopic('in', 1);
    const connection = await connect(world.broker, world.clock);
    const kept: FetchedBatch[] = [];
    const consumer = connection.consumer(consumerOptions, {
      ...deafConsumer,
      batch: batch => void kept.push(batch),
    });
    await world.during(consumer.start());
    world.broker.publish('in', [{ value: '0' }, { value: '1' }, { value: '2' }]);
    world.clock.flush();
    world.broker.punchGap({ topic: 'in', partition: 0 }, 0, 2);
    world.broker.deleteRecords({ topic: 'in', partition: 0 }, 3);
    world.broker.publish('in', [{ value: '3' }]);
    const [batch] = kept;
    expect([batch?.next(), batch?.next(), batch?.next()].map(record => record?.offset)).toEqual([0, 1, 2]);
    expect(batch?.next()).toBeUndefined();
  });

  test('70,000 records through a topic, a consumer and a producer cost well under a second', async () => {
    const clock = new VirtualClock();
    const broker = new MemoryBroker({ clock });
    for (const topic of ['in', 'out']) broker.createTopic(topic, 4);
    const connection = await connect(broker, clock);
    const producer = connection.producer({ maxRecordBytes: 1e6, deliveryTimeoutMs: 1e5 });
    await producer.prepare(['out']);
    let acknowledged = 0;
    const listener = {
      acknowledged: (count: number) => {
        acknowledged += count;
      },
      refused: () => {},
    };
    const outputs = [0, 1, 2, 3].map(partition => producer.output({ topic: 'out', partition }, listener));
    const value = Buffer.from('{"customerId":"1"}');
    const records = Array.from({ length: 70_000 }, (_, i) => ({ value, partition: i % 4 }));
    // Of this process: what others have the machine do is no part of it.
    const began = process.cpuUsage();
    broker.publish('in', records);
    const consumer = connection.consumer(consumerOptions, {
      ...deafConsumer,
      batch(batch) {
        const output = outputs[batch.partition];
        for (let record = batch.next(); record !== undefined; record = batch.next()) {
          output?.append(record.key, record.value, noHeaders, record.timestamp);
        }
      },
    });
    void consumer.start();
    clock.flush();
    const { user, system } = process.cpuUsage(began);
    expect([acknowledged, broker.endOffsets('out')]).toEqual([70_000, [17_500, 17_500, 17_500, 17_500]]);
    // 160 to 250 ms for the whole test on two shared cores.
    expect((user + system) / 1000).toBeLessThan(1000);
    await connection.close();
    clock.flush();
    // Neither timers nor turns are left to hold a process up.
    expect(clock.pending).toBe(0);
  });

  test('refuses a clock beside a broker that has another', () => {
    expect(() => memory({ broker: new MemoryBroker(), clock: new VirtualClock() })).toThrow(
      expect.objectContaining({ code: 'CONFIGURATION' }),
    );
  });
});
