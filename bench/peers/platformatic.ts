/**
 * @platformatic/kafka with no library in between: what the stream brings while a send is under way is the next send. Keys and
 * values go through as buffers and strings of our own making, without serializers.
 */
import {
  Consumer,
  compatibilityPartitioner,
  MessagesStreamFallbackModes,
  MessagesStreamModes,
  type MessageToProduce,
  ProduceAcks,
  Producer,
} from '@platformatic/kafka';
import { outputsOf } from './by-hand.js';
import { Commits } from './commits.js';
import { Meter } from './meter.js';
import { readPlan } from './plan.js';

/** A send makes one batch for each partition, and all purchases of it may belong to one: below the broker's limit of 1 MiB. */
const mostInSend = 3000;

const plan = readPlan();
const meter = new Meter(plan);
const common = { clientId: 'platformatic', bootstrapBrokers: [...plan.brokers] };
const producer = new Producer({ ...common, acks: ProduceAcks.ALL, partitioner: compatibilityPartitioner });
const consumer = new Consumer({
  ...common,
  groupId: plan.group,
  autocommit: false,
  maxBytes: 10 * 1024 * 1024,
  maxWaitTime: 500,
  highWaterMark: 2 * mostInSend,
});
const commits = new Commits(plan, meter, offsets =>
  consumer.commit({
    offsets: Array.from(offsets, ([partition, offset]) => ({
      topic: plan.input,
      partition,
      offset: BigInt(offset),
      leaderEpoch: -1,
    })),
  }),
);
const stream = await consumer.consume({
  topics: [plan.input],
  mode: MessagesStreamModes.COMMITTED,
  fallbackMode: MessagesStreamFallbackModes.EARLIEST,
  maxBytesPerPartition: 1024 * 1024,
});

let outputs: MessageToProduce<Buffer, Buffer, Buffer, Buffer>[] = [];
let read = new Map<number, { next: number; records: number }>();
let taken = 0;
let sending = false;

stream.on('data', ({ value, partition, offset }) => {
  const { zipCode, customerId, pattern, reward, purchase } = outputsOf(value);
  const customer = Buffer.from(customerId);
  outputs.push(
    { topic: 'patterns', key: Buffer.from(zipCode), value: Buffer.from(pattern) },
    { topic: 'rewards', key: customer, value: Buffer.from(reward) },
    { topic: 'purchases', key: customer, value: Buffer.from(purchase) },
  );
  const position = read.get(partition);
  if (position === undefined) read.set(partition, { next: Number(offset) + 1, records: 1 });
  else {
    position.next = Number(offset) + 1;
    position.records++;
  }
  if (++taken >= mostInSend) stream.pause();
  if (!sending) {
    sending = true;
    setImmediate(send);
  }
});

async function send(): Promise<void> {
  const messages = outputs;
  const positions = read;
  outputs = [];
  read = new Map();
  taken = 0;
  if (stream.isPaused()) stream.resume();
  await producer.send({ messages });
  for (const [partition, { next, records }] of positions) commits.settled(partition, next, records);
  sending = taken > 0;
  if (sending) setImmediate(send);
}

await commits.allDone;
meter.report();
await consumer.close(true);
await producer.close();
