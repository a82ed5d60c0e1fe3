import { KafkaRxError } from 'kafka-rx';
import type { DriverConnection } from '../../../lib/drivers/port.js';
import { type Deliveries, Delivery, type Lane } from '../../../lib/flow/leases/delivery.js';
import { Outputs } from '../../../lib/flow/sinks/outputs.js';
import { TopicChannels } from '../../../lib/flow/sinks/topic-channels.js';
import { noHeaders } from '../../../lib/record/headers.js';
import { ScriptedProducer } from './scripted-producer.js';

const refusal = new KafkaRxError('PRODUCE', 'refused for good');

/** A writer of `out` with so many channels beside the app's own, and what it hears. */
async function writing(channels: number) {
  const producers = Array.from({ length: channels + 1 }, () => new ScriptedProducer(9));
  const outputs = new Outputs({ maxRecordBytes: 1000, deliveryTimeoutMs: 1000 });
  // Of a connection they ask for a producer only.
  await outputs.open({ producer: () => producers[0] } as unknown as DriverConnection);
  const opened = [];
  for (const producer of producers.slice(1)) opened.push(await outputs.openChannel(producer));
  const settled: number[] = [];
  const told: string[] = [];
  const written = new TopicChannels('out', outputs, {
    acknowledged: count => told.push(`acknowledged ${count}`),
    refused: (deliveries, error, channel) => {
      const { offset } = deliveries as Delivery;
      told.push(`refused ${offset} in ${channel.slot}: ${error.code}`);
    },
  });
  const delivery = (offset: number, outputSlot: number): Delivery => {
    // All that is asked of its lane.
    const lane = { outputSlot, settle: (one: Delivery) => settled.push(one.offset) } as unknown as Lane;
    return new Delivery(lane, offset, offset, { bytes: 0, open: 0 });
  };
  const append = (deliveries: Deliveries, value: string, partition = 0): void =>
    written.of(deliveries).append(partition, null, Buffer.from(value), noHeaders, 0, deliveries);
  return { producers, outputs, opened, settled, told, delivery, append };
}

test('a record is written to the channel of its lane; made of several, to that of the last', async () => {
  const { producers, delivery, append } = await writing(2);
  append(delivery(0, 0), 'a');
  append(delivery(1, 2), 'b');
  append(delivery(2, 1), 'c');
  append([delivery(3, 1), delivery(4, 2)], 'd');
  expect(producers.map(({ appended }) => appended)).toEqual([
    ['out/0: a'],
    ['out/0: c'],
    ['out/0: b', 'out/0: d'],
  ]);
});

test('what one channel has is acknowledged and refused there, in its order, and nothing of another', async () => {
  const { producers, settled, told, delivery, append } = await writing(2);
  for (const offset of [0, 1, 2, 3, 4, 5]) append(delivery(offset, offset % 3), `${offset}`);
  producers[1]?.acknowledge('out/0', 2);
  expect(settled).toEqual([1, 4]);
  producers[2]?.refuse('out/0', refusal, 1);
  producers[2]?.acknowledge('out/0', 1);
  expect([settled, told]).toEqual([
    [1, 4, 5],
    ['acknowledged 2', 'refused 2 in 2: PRODUCE', 'acknowledged 1'],
  ]);
});

test('in one channel each partition has an order of its own', async () => {
  const { producers, settled, delivery, append } = await writing(1);
  append(delivery(0, 1), 'a', 5);
  append(delivery(1, 1), 'b', 2);
  append(delivery(2, 1), 'c', 5);
  producers[1]?.acknowledge('out/2');
  producers[1]?.acknowledge('out/5', 2);
  expect(settled).toEqual([1, 0, 2]);
});

test('a channel that is closed forgets what is pending: neither settled nor refused, whatever is said of it later', async () => {
  const { producers, outputs, opened, settled, told, delivery, append } = await writing(2);
  append(delivery(0, 1), 'a');
  append(delivery(1, 1), 'b');
  append(delivery(2, 2), 'c');
  if (opened[0] !== undefined) await outputs.closeChannel(opened[0]);
  producers[1]?.acknowledge('out/0');
  producers[1]?.refuse('out/0', refusal);
  expect([settled, told]).toEqual([[], ['acknowledged 0']]);
  producers[2]?.acknowledge('out/0');
  expect(settled).toEqual([2]);
});

test('the next channel of a slot has nothing of the one before, which is not heard there', async () => {
  const { producers, outputs, opened, settled, delivery, append } = await writing(1);
  append(delivery(0, 1), 'a');
  if (opened[0] !== undefined) await outputs.closeChannel(opened[0]);
  const next = new ScriptedProducer(9);
  expect((await outputs.openChannel(next)).slot).toBe(1);
  append(delivery(1, 1), 'b');
  expect(next.appended).toEqual(['out/0: b']);
  producers[1]?.acknowledge('out/0', 2);
  expect(settled).toEqual([]);
  next.acknowledge('out/0');
  expect(settled).toEqual([1]);
});

test('without a channel there is nothing to write to', async () => {
  const { delivery, append } = await writing(0);
  expect(() => append(delivery(0, 1), 'a')).toThrow(expect.objectContaining({ code: 'CLOSED' }));
});
