import { KafkaRxError } from 'kafka-rx';
import { VirtualClock } from 'kafka-rx/testing';
import type { DriverConnection } from '../../../lib/drivers/port.js';
import { DeadLetters } from '../../../lib/errors/dead-letters/dead-letters.js';
import { Delivery, type Lane } from '../../../lib/flow/leases/delivery.js';
import { Outputs } from '../../../lib/flow/sinks/outputs.js';
import { ScriptedProducer } from '../../flow/sinks/scripted-producer.js';

const refusal = new KafkaRxError('PRODUCE', 'refused for good');

async function letters() {
  const [own, other] = [new ScriptedProducer(2), new ScriptedProducer(2)];
  const outputs = new Outputs({ maxRecordBytes: 1000, deliveryTimeoutMs: 1000 });
  const settled: number[] = [];
  const told: string[] = [];
  const dead = new DeadLetters(
    { topic: 'dead' },
    {
      clock: new VirtualClock(),
      outputs,
      app: 'g',
      wayTo: () => ({ way: undefined, alike: 1 }),
      masks: () => [],
      handedOut: () => 1000,
      published: count => told.push(`published ${count}`),
      failed: (error, { offset }) => told.push(`failed ${offset}: ${error.code}`),
    },
  );
  // Of a connection they ask for a producer only.
  await outputs.open({ producer: () => own } as unknown as DriverConnection);
  const channel = await outputs.openChannel(other);
  const publish = (offset: number, outputSlot: number) => {
    const settle = (one: Delivery) => settled.push(one.offset);
    const at = { topic: 'in', partition: 0, slot: 0, epoch: 1, origin: 'c/in' };
    const lane = { ...at, outputSlot, ended: false, settle };
    // All that is asked of its lane.
    const delivery = new Delivery(lane as unknown as Lane, offset, offset, { bytes: 0, open: 0 });
    dead.publish({ stage: 'process', node: 'n', error: new KafkaRxError('PROCESS', 'no') }, delivery);
    delivery.release();
    return lane;
  };
  return { own, other, outputs, channel, settled, told, publish };
}

test('of a record in another channel waits there for its acknowledgement', async () => {
  const { own, other, settled, told, publish } = await letters();
  publish(0, 0);
  publish(1, 1);
  expect([own.appended.length, other.appended.length]).toEqual([1, 1]);
  other.acknowledge('dead/0');
  expect([settled, told]).toEqual([[1], ['published 1']]);
  own.refuse('dead/0', refusal);
  expect([settled, told]).toEqual([[1], ['published 1', 'failed 0: PRODUCE']]);
});

test('of a channel that was closed is nobody’s', async () => {
  const { other, outputs, channel, settled, told, publish } = await letters();
  publish(0, 1);
  await outputs.closeChannel(channel);
  other.refuse('dead/0', refusal);
  expect([settled, told]).toEqual([[], []]);
});

test('refused when its epoch is over it fails nothing: who has the partition then writes it', async () => {
  const { own, settled, told, publish } = await letters();
  const lane = publish(0, 0);
  publish(1, 0);
  lane.ended = true;
  own.refuse('dead/0', refusal, 2);
  // Of an epoch that is over, settling means to be counted as stale.
  expect([settled, told]).toEqual([[0], ['failed 1: PRODUCE']]);
});
