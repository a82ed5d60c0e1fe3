/** What the demo asks of a cluster beside the pipeline: topics, and an input to publish. Through the driver's own port. */

import type { Driver, DriverConnection, DriverProducer, ProducerOutput } from 'kafka-rx';
import { type KafkaRxError, noHeaders, partitionForKey, silentLogger, systemClock } from 'kafka-rx';
import type { InputRecord } from './input.js';

const partitionsOfNewTopics = 4;

/** Bytes of key and value of the largest record that is published: what brokers take by default, less some overhead. */
export const maxRecordBytes = 1_000_000;

/** Runs `work` on a connection of its own. */
export async function withConnection<T>(
  driver: Driver,
  work: (connection: DriverConnection) => Promise<T>,
): Promise<T> {
  const connection = await driver.connect({
    clientId: 'purchases-setup',
    clock: systemClock,
    logger: silentLogger,
    event: () => {},
  });
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

export async function createMissingTopics(
  connection: DriverConnection,
  names: readonly string[],
): Promise<void> {
  await connection.admin.createTopics(names.map(name => ({ name, partitions: partitionsOfNewTopics })));
}

/**
 * Publishes records to a topic, keyed and partitioned as Java's producer would, and resolves when all are acknowledged.
 *
 * @param stop ends it early
 * @returns how many records were acknowledged
 * @throws the first refusal, with topic and partition
 */
export async function publish(
  connection: DriverConnection,
  topic: string,
  records: AsyncIterable<InputRecord>,
  stop: AbortSignal,
): Promise<number> {
  const producer = connection.producer({ maxRecordBytes, deliveryTimeoutMs: 60_000 });
  try {
    await producer.prepare([topic]);
    const outputs = new TopicOutputs(producer, topic);
    let next = 0;
    for await (const { key, value } of records) {
      if (stop.aborted || outputs.refusal !== undefined) break;
      const bytes = key === null ? null : Buffer.from(key);
      const count = producer.partitionCount(topic);
      outputs
        .to(bytes === null ? next++ % count : partitionForKey(bytes, count))
        .append(bytes, value, noHeaders, Date.now());
      if (producer.bufferedBytes > maxBufferedBytes) await producer.flush();
    }
    await producer.flush();
    if (outputs.refusal !== undefined) throw outputs.refusal;
    return outputs.acknowledged;
  } finally {
    await producer.close();
  }
}

const maxBufferedBytes = 8 * 1024 * 1024;

class TopicOutputs {
  readonly #outputs = new Map<number, ProducerOutput>();
  acknowledged = 0;
  refusal: KafkaRxError | undefined;

  constructor(
    private readonly producer: DriverProducer,
    private readonly topic: string,
  ) {}

  to(partition: number): ProducerOutput {
    let output = this.#outputs.get(partition);
    if (output === undefined) {
      output = this.producer.output(
        { topic: this.topic, partition },
        {
          acknowledged: count => {
            this.acknowledged += count;
          },
          refused: (_count, error) => {
            this.refusal ??= error;
          },
        },
      );
      this.#outputs.set(partition, output);
    }
    return output;
  }
}
