import { KafkaRxError } from '../errors/errors.js';
import type { TopicPartition } from './port.js';

/** What `seek` and `rewind` throw. @param offset where it was to go; undefined: to what is committed */
export function notAssigned({ topic, partition }: TopicPartition, offset: number | undefined): KafkaRxError {
  return new KafkaRxError('DRIVER', `${topic}-${partition} is not assigned: it has no position to move`, {
    at: offset === undefined ? undefined : { topic, partition, offset },
    remedy: 'Seek or rewind after `assigned`, and not after `lost`.',
  });
}
