/** Why a reader outside of a group does not go on: the same words on every driver. */
import { KafkaRxError } from '../errors/errors.js';
import type { PartitionOffset } from './port.js';

/** The offsets that a log has, its end excluded. */
export interface LogBounds {
  readonly start: number;
  readonly end: number;
}

/** The bounds leave the position out. */
export function outsideTheLog(at: PartitionOffset, { start, end }: LogBounds): KafkaRxError {
  const why =
    at.offset < start
      ? 'it is below the start, since records were deleted'
      : 'it is above the end, since the brokers lost records, or the topic was made anew';
  return offsetGone(at, `Kafka has offsets ${start} to ${end} (the end) of ${named(at)}: ${why}`);
}

/** @param to up to where the log is the one that was read */
export function truncatedLog(at: PartitionOffset, to: number, { start, end }: LogBounds): KafkaRxError {
  const what = `Kafka lost records of ${named(at)} that were read: from offset ${to} on there are others`;
  return offsetGone(at, `${what}, in a log of offsets ${start} to ${end} (the end)`);
}

export function anotherTopic(at: PartitionOffset): KafkaRxError {
  return offsetGone(at, `The topic ${at.topic} is another by now: it was deleted and made anew`);
}

/** Of `next`, while it is under way. */
export function calledTwice({ topic, partition, offset }: PartitionOffset): KafkaRxError {
  return new KafkaRxError('DRIVER', 'A reader was asked for what comes next while it was asked already', {
    at: { topic, partition, offset },
    remedy: 'Await one `next()` before the other.',
  });
}

function offsetGone({ topic, partition, offset }: PartitionOffset, what: string): KafkaRxError {
  return new KafkaRxError('OFFSET_GONE', what, {
    at: { topic, partition, offset },
    remedy: 'Drop what was kept of it, and read it from its beginning.',
  });
}

function named({ topic, partition }: PartitionOffset): string {
  return `${topic}-${partition}`;
}
