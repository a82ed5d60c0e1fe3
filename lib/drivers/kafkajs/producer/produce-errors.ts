/** What a producer refuses records with. */
import { KafkaRxError, told } from '../../../errors/errors.js';
import type { TopicPartition } from '../../port.js';
import { kindOf } from '../errors.js';

export function tooLarge(topic: string, partition: number, what: string): KafkaRxError {
  return new KafkaRxError('RECORD_TOO_LARGE', `A record for ${topic}-${partition} is too large: ${what}`, {
    remedy:
      "Make it smaller, or raise producer.maxRecordBytes in createApp and the topic's max.message.bytes; the policy for 'produce' " +
      'can skip it.',
  });
}

export function blamedRecord({ topic, partition }: TopicPartition, type: string): KafkaRxError {
  if (type === 'MESSAGE_TOO_LARGE' || type === 'RECORD_LIST_TOO_LARGE')
    return tooLarge(topic, partition, type);
  return new KafkaRxError('PRODUCE', `Kafka refuses a record for ${topic}-${partition}: ${type}`, {
    remedy:
      'A compacted topic takes no record without a key, the stock path no header with null as its value; a timestamp has to be ' +
      'near the present.',
  });
}

export function refusedBatch({ topic, partition }: TopicPartition, type: string): KafkaRxError {
  if (type === 'UNKNOWN_TOPIC_OR_PARTITION') {
    return new KafkaRxError('MISSING_TOPIC', `Kafka no longer has ${topic}-${partition}`, {
      remedy: 'Create the topic.',
    });
  }
  const remedy = type.endsWith('AUTHORIZATION_FAILED') ? 'Give the user the right by an ACL.' : undefined;
  return new KafkaRxError('PRODUCE', `Kafka refuses records for ${topic}-${partition}: ${type}`, {
    remedy,
  });
}

/** It is not the records that were refused, but the way that they were to go. */
export function abandonedBatch({ topic, partition }: TopicPartition, cause: KafkaRxError): KafkaRxError {
  const { what, remedy } = told(cause);
  return new KafkaRxError('PRODUCE', `Records for ${topic}-${partition} were given up: ${what}`, {
    cause,
    remedy,
  });
}

export function unreachable(cause: unknown): KafkaRxError {
  return new KafkaRxError('UNREACHABLE', `Metadata could not be loaded: ${kindOf(cause)}`, {
    cause,
    retriable: true,
  });
}

export function timedOut({ topic, partition }: TopicPartition, deliveryTimeoutMs: number): KafkaRxError {
  return new KafkaRxError(
    'PRODUCE',
    `Kafka did not acknowledge within ${deliveryTimeoutMs} ms (${topic}-${partition})`,
    {
      remedy: 'Check that the brokers are up and that enough replicas are in sync.',
      retriable: true,
    },
  );
}
