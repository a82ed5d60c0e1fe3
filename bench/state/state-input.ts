import { cdnowRecords } from '../../demos/purchases/cdnow.js';
import { maxRecordBytes, withConnection } from '../../demos/purchases/cluster.js';
import { drawsFrom } from '../../demos/purchases/draws.js';
import { kafkajs } from '../../lib/drivers/kafkajs/index.js';
import type { DriverProducer, ProducerOutput } from '../../lib/drivers/port.js';
import { partitionForKey } from '../../lib/flow/sinks/partitioner.js';
import { keysBy, type Law, scattered } from './keys.js';

/** What lies in the input of a row. */
export interface InputPlan {
  readonly keys: number;
  readonly law: Law;
  /** Each key comes once before any is drawn, so that all of them are kept when measuring begins. */
  readonly filled: boolean;
  /** Milliseconds from one record's timestamp to the next one's. */
  readonly stepMs: number;
  /** CDNOW's purchases, about 230 bytes of JSON, or 1 byte. */
  readonly value: 'purchase' | 'short';
}

/** A record before it is published. */
export interface TimedRecord {
  readonly key: string;
  readonly value: Buffer;
  readonly timestamp: number;
}

const firstMs = Date.UTC(2026, 0, 1);
const keyDigits = 8;
const maxBufferedBytes = 8 * 1024 * 1024;

/** @param count of all, those that fill included */
export function* recordsOf(
  { keys, law, filled, stepMs, value }: InputPlan,
  count: number,
  purchases: readonly Buffer[],
): Generator<TimedRecord> {
  const next = keysBy(law, keys, drawsFrom(`${law} of ${keys}`));
  const short = Buffer.from('1');
  for (let i = 0; i < count; i++) {
    const key = filled && i < keys ? scattered(i, keys) : next();
    yield {
      key: String(key).padStart(keyDigits, '0'),
      value: value === 'short' ? short : (purchases[i % purchases.length] ?? short),
      timestamp: firstMs + i * stepMs,
    };
  }
}

/** Publishes what a row reads, partitioned by key as Java's producer would. */
export async function loadStateInput(
  brokers: readonly string[],
  topic: string,
  plan: InputPlan,
  count: number,
): Promise<void> {
  const purchases: Buffer[] = [];
  if (plan.value === 'purchase') for await (const { value } of cdnowRecords()) purchases.push(value);
  await publishTimed(brokers, topic, recordsOf(plan, count, purchases));
}

/** @throws the first refusal */
export async function publishTimed(
  brokers: readonly string[],
  topic: string,
  records: Iterable<TimedRecord>,
): Promise<void> {
  await withConnection(kafkajs({ brokers }), async connection => {
    const producer = connection.producer({ maxRecordBytes, deliveryTimeoutMs: 60_000 });
    try {
      await producer.prepare([topic]);
      await appendAll(producer, topic, records);
    } finally {
      await producer.close();
    }
  });
}

async function appendAll(
  producer: DriverProducer,
  topic: string,
  records: Iterable<TimedRecord>,
): Promise<void> {
  let refusal: Error | undefined;
  const outputs: readonly ProducerOutput[] = Array.from(
    { length: producer.partitionCount(topic) },
    (_none, partition) =>
      producer.output(
        { topic, partition },
        {
          acknowledged: () => {},
          refused: (_count, error) => {
            refusal ??= error;
          },
        },
      ),
  );
  for (const { key, value, timestamp } of records) {
    const bytes = Buffer.from(key);
    outputs[partitionForKey(bytes, outputs.length)]?.append(bytes, value, [], timestamp);
    if (producer.bufferedBytes > maxBufferedBytes) await producer.flush();
    if (refusal !== undefined) throw refusal;
  }
  await producer.flush();
  if (refusal !== undefined) throw refusal;
}
