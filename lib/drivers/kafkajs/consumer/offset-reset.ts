import { KafkaRxError } from '../../../errors/errors.js';
import type { DriverContext, TopicPartition } from '../../port.js';

/** Tells that the broker does not have the position, and where the partition goes on. */
export function announceReset(
  { logger, event }: DriverContext,
  { topic, partition }: TopicPartition,
  from: number,
  to: number,
): void {
  logger.warn({ topic, partition, from, to }, 'position was reset: the broker does not have it');
  event({ type: 'offset-reset', topic, partition, from, to });
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
