import { randomUUID } from 'node:crypto';
import {
  type DriverConnection,
  KafkaRxError,
  type SourceRecord,
  systemClock,
  type TopicDescription,
} from 'kafka-rx';

/** Which records of a topic are to be read. */
export interface Wants {
  /** The next offset wanted of a partition, at or after `from`; undefined: none. */
  next(partition: number, from: number): number | undefined;
  take(partition: number, record: SourceRecord): void;
}

/** A topic that was found: which one of those that have had its name, and how many partitions it has. */
export type FoundTopic = Pick<TopicDescription, 'name' | 'id' | 'partitions'>;

/** Records that are read and thrown away rather than skipped by a seek, which costs a round trip. */
const seekAbove = 1000;
/** Milliseconds without a batch after which the wait is over. */
const patienceMs = 30_000;

/**
 * Reads what is wanted of a topic, in order within each partition, under a group of its own that commits nothing.
 *
 * @throws `DEADLINE` when the topic gives nothing for 30 s, `MISSING_TOPIC` when it was made anew meanwhile
 */
export async function readRecords(
  connection: DriverConnection,
  described: FoundTopic,
  wants: Wants,
): Promise<void> {
  const { name: topic } = described;
  const partitions = Array.from({ length: described.partitions }, (_, partition) => partition);
  const left = new Set(partitions.filter(partition => wants.next(partition, 0) !== undefined));
  if (left.size === 0) return;

  await new Promise<void>((resolve, reject) => {
    let timer = setTimeout(() => reject(silent(topic)), patienceMs);
    const end = (error?: unknown): void => {
      clearTimeout(timer);
      consumer.stop().then(() => (error === undefined ? resolve() : reject(error)), reject);
    };
    const consumer = connection.consumer(
      {
        groupId: `dead-letters-${randomUUID()}`,
        topics: [topic],
        startFrom: 'earliest',
        coPartitioned: [],
        sessionTimeoutMs: 30_000,
        rebalanceTimeoutMs: 60_000,
        readCommitted: true,
        resumeAt: async assigned => assigned.map(({ partition }) => wants.next(partition, 0)),
      },
      {
        assigned: given => consumer.pause(given.filter(({ partition }) => !left.has(partition))),
        revoking: async () => {},
        confirmed: () => {},
        lost: () => {},
        failed: end,
        batch(batch) {
          const { partition } = batch;
          if (!left.has(partition)) return;
          if (batch.topicId !== described.id) {
            end(madeAnew(topic));
            return;
          }
          clearTimeout(timer);
          timer = setTimeout(() => end(silent(topic)), patienceMs);
          for (let record = batch.next(); record !== undefined; record = batch.next()) {
            if (wants.next(partition, record.offset) === record.offset) wants.take(partition, record);
          }
          const next = wants.next(partition, batch.nextOffset);
          if (next === undefined) {
            left.delete(partition);
            consumer.pause([{ topic, partition }]);
          } else if (next > batch.nextOffset + seekAbove) {
            systemClock.defer(() => consumer.seek({ topic, partition }, next));
          }
          if (left.size === 0) end();
        },
      },
    );
    consumer.start().catch(end);
  });
}

function silent(topic: string): KafkaRxError {
  return new KafkaRxError('DEADLINE', `The topic '${topic}' gave no record for ${patienceMs / 1000} s`, {
    remedy: 'Look at its brokers, and at transactions that were left open',
  });
}

function madeAnew(topic: string): KafkaRxError {
  return new KafkaRxError('MISSING_TOPIC', `The topic '${topic}' was made anew while it was read`, {
    remedy: 'Start again: what lies in it now are other records',
  });
}
