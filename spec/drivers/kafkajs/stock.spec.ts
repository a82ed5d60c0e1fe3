/** The parts of the stock path that need no Kafka. */
import type { Admin, Kafka, Producer, RecordMetadata } from 'kafkajs';
import { systemClock } from '../../../lib/base/clock.js';
import { settingsOf } from '../../../lib/drivers/kafkajs/options.js';
import {
  RecordBatchBuilder,
  recordBytes,
} from '../../../lib/drivers/kafkajs/protocol/record-batch-builder.js';
import { HeldBatches } from '../../../lib/drivers/kafkajs/stock/held-batches.js';
import { StockQueries } from '../../../lib/drivers/kafkajs/stock/stock-queries.js';
import { StockTransport } from '../../../lib/drivers/kafkajs/stock/stock-transport.js';
import { noHeaders } from '../../../lib/record/headers.js';

const at = { topic: 't', partition: 0, epoch: 3 };

describe('a held batch', () => {
  const settled = async (held: Promise<void>): Promise<boolean> =>
    Promise.race([held.then(() => true), new Promise<false>(resolve => setImmediate(() => resolve(false)))]);

  test('is let go once a commit of its epoch passes its last record', async () => {
    const batches = new HeldBatches();
    const held = batches.hold(at, 10);
    batches.committed([{ ...at, offset: 9 }]);
    expect(await settled(held)).toBe(false);
    batches.committed([{ ...at, offset: 10 }]);
    expect(await settled(held)).toBe(true);
  });

  test('is not let go by a commit of another epoch or partition', async () => {
    const batches = new HeldBatches();
    const held = batches.hold(at, 10);
    batches.committed([
      { ...at, epoch: 4, offset: 10 },
      { ...at, partition: 1, offset: 10 },
      { ...at, topic: 'u', offset: 10 },
    ]);
    expect(await settled(held)).toBe(false);
  });

  test('is let go when its epoch is over', async () => {
    const batches = new HeldBatches();
    const [sought, kept] = [batches.hold(at, 10), batches.hold({ ...at, partition: 1 }, 10)];
    batches.drop(at);
    expect([await settled(sought), await settled(kept)]).toEqual([true, false]);
    batches.dropAll();
    expect(await settled(kept)).toBe(true);
  });
});

describe('what kafkajs answers to a send', () => {
  const batch = new RecordBatchBuilder(Buffer.alloc(64));
  batch.append(null, Buffer.from('v'), noHeaders, 1, recordBytes(1, 0));

  /** Sends one batch to each of two partitions; `answer` is kafkajs's for each of its calls. */
  async function send(answer: (partition: number) => readonly RecordMetadata[] | Error) {
    const producer: Partial<Producer> = {
      connect: async () => {},
      send: async ({ messages }) => {
        const given = answer(messages[0]?.partition ?? -1);
        if (given instanceof Error) throw given;
        return [...given];
      },
    };
    const kafka: Partial<Kafka> = { producer: () => producer as Producer };
    const settings = settingsOf({ brokers: ['localhost:9'] });
    const transport = new StockTransport(systemClock, settings, kafka as Kafka, {} as Admin, 0);
    return transport.send(
      1,
      [0, 1].map(partition => ({ topic: 't', partition, batch })),
    );
  }

  const written = (partition: number, baseOffset: string): RecordMetadata => ({
    topicName: 't',
    partition,
    errorCode: 0,
    baseOffset,
  });

  test('a partition that it does not name has no result, and so is not acknowledged', async () => {
    expect(await send(partition => (partition === 0 ? [written(0, '7')] : [written(0, '8')]))).toEqual([
      { topic: 't', partition: 0, baseOffset: 7 },
    ]);
  });

  test('of a partition that it names twice the lowest offset counts', async () => {
    const [first] = await send(partition => [written(partition, '10'), written(partition, '9')]);
    expect(first).toEqual({ topic: 't', partition: 0, baseOffset: 9 });
  });

  test('a refusal concerns its own partition, whose error it is; trouble on the way passes', async () => {
    const refused = Object.assign(new Error('x'), {
      name: 'KafkaJSProtocolError',
      type: 'MESSAGE_TOO_LARGE',
    });
    const cut = Object.assign(new Error('x'), { name: 'KafkaJSConnectionError' });
    expect(await send(partition => (partition === 0 ? refused : [written(1, '0')]))).toEqual([
      { topic: 't', partition: 0, error: 'MESSAGE_TOO_LARGE', passes: false },
      { topic: 't', partition: 1, baseOffset: 0 },
    ]);
    expect(await send(() => cut)).toMatchObject([
      { error: 'KafkaJSConnectionError', passes: true },
      { error: 'KafkaJSConnectionError', passes: true },
    ]);
  });

  test('what ends its way for good is told, beside its kind', async () => {
    const refused = Object.assign(new Error('x'), { name: 'KafkaJSSASLAuthenticationError' });
    const fatal = expect.objectContaining({ message: expect.stringContaining('refused the credentials') });
    expect(await send(() => refused)).toMatchObject([{ fatal }, { fatal }]);
  });
});

test('last stable offsets are refused, and not taken for the end', async () => {
  const admin = { fetchTopicOffsets: async () => [] } as unknown as Admin;
  const queries = new StockQueries(admin, () => admin);
  await expect(queries.offsets('t', 'latest', true)).rejects.toMatchObject({
    ...{ code: 'CONFIGURATION', retriable: false },
    message: expect.stringContaining("path: 'fast'"),
  });
});
