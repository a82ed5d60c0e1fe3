import { KafkaRxError } from '../../../errors/errors.js';
import type { DriverContext, TopicPartition } from '../../port.js';

/** Where a position was, and where it goes. */
export interface Move {
  readonly from: number;
  readonly to: number;
}

/** Tells that the broker does not have the position, and where the partition goes on. */
export function announceReset(
  { logger, event }: DriverContext,
  { topic, partition }: TopicPartition,
  { from, to }: Move,
): void {
  logger.warn({ topic, partition, from, to }, 'position was reset: the broker does not have it');
  event({ type: 'offset-reset', topic, partition, from, to });
}

/** Tells that the log was truncated, and from where on it is read. */
export function announceTruncation(
  { logger, event }: DriverContext,
  { topic, partition }: TopicPartition,
  { from, to }: Move,
): void {
  logger.warn(
    { topic, partition, from, to },
    'position was reset: the brokers lost records that were read, or were put back from a copy',
  );
  event({ type: 'offset-reset', topic, partition, from, to, truncated: true });
}

/** The end of a consumer that is not to go on below what it read by itself. */
export function logTruncated({ topic, partition }: TopicPartition, { from, to }: Move): KafkaRxError {
  return new KafkaRxError(
    'DRIVER',
    `Kafka lost records that were read: from offset ${to} on there are others`,
    {
      at: { topic, partition, offset: from },
      remedy:
        "Look what the brokers lost, and reset the group to where it is to go on, or choose offsetReset: 'earliest': then it goes on " +
        `at ${to}.`,
    },
  );
}

/** The end of a consumer that is not to go on elsewhere by itself. */
export function positionGone({ topic, partition }: TopicPartition, offset: number): KafkaRxError {
  return new KafkaRxError('DRIVER', 'Kafka does not have the offset to go on from', {
    at: { topic, partition, offset },
    remedy:
      'Records were deleted before they were read, or the topic was made anew: reset the group to where it is ' +
      "to go on, or choose offsetReset: 'earliest'.",
  });
}
