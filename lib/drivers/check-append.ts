/** What every driver refuses at once, before anything of it is kept: the port's promise that drivers refuse alike. */
import { KafkaRxError } from '../errors/errors.js';
import type { Headers } from '../record/headers.js';
import { outgoing } from '../record/outgoing.js';
import type { TopicPartition } from './port.js';

/**
 * @returns the headers as they were read, once
 * @throws `ENCODE` for what Kafka has no place for
 */
export function checkAppend(
  { topic, partition }: TopicPartition,
  key: Buffer | null,
  value: Buffer | null,
  headers: Headers,
  timestamp: number,
): Headers {
  const checked = outgoing(key, value, headers, timestamp);
  if (typeof checked !== 'string') return checked;
  throw new KafkaRxError('ENCODE', `A record for ${topic}[${partition}] cannot be written: ${checked}`, {
    remedy:
      'Append bytes or null as key and value, { key, value } as headers, whole milliseconds as timestamp',
  });
}

/** @throws `DRIVER` for a partition that is none of the topic's */
export function checkPartition({ topic, partition }: TopicPartition, count: number): void {
  if (Number.isInteger(partition) && partition >= 0 && partition < count) return;
  const which = typeof partition === 'number' ? String(partition) : `a ${typeof partition}`;
  throw new KafkaRxError('DRIVER', `There is no partition ${which} of ${topic}: it has ${count}`, {
    remedy: 'Prepare the topic, and ask for a partition from 0 to partitionCount(topic) - 1',
  });
}
