import type { Clock } from '../../base/clock.js';
import { KafkaRxError } from '../../errors/errors.js';
import { refuseLater } from '../../record/refuse-later.js';

/** When the records of a source happened. */
export interface RecordTime<V> {
  /** @see TopicOptions.timestamp */
  readonly timestamp: ((value: V, own: number) => number) | undefined;
  /** @see TopicOptions.maxAheadMs */
  readonly maxAheadMs: number | undefined;
}

const policy = "give the source a decode policy of 'skip' or 'dead-letter'";

/**
 * A record's timestamp, ms since 1970: what is taken from its value, or else its own.
 *
 * @param value given wherever a timestamp is taken from it
 * @param own -1 where its producer set none
 * @param clock it must not be too far ahead of this
 * @throws `DECODE`, without coordinates or values: no timestamp can be that
 */
export function timeOf<V>(
  value: V | undefined,
  own: number,
  { timestamp, maxAheadMs }: RecordTime<V>,
  clock: Pick<Clock, 'now'>,
): number {
  const time = timestamp === undefined ? own : taken(timestamp(value as V, own));
  if (maxAheadMs !== undefined && time > clock.now() + maxAheadMs) {
    throw new KafkaRxError(
      'DECODE',
      `it is more than maxAheadMs (${maxAheadMs} ms) ahead of this machine's clock`,
      {
        remedy: `Mend the clock of the producer, or of this machine; raise maxAheadMs where such records are meant; or ${policy}`,
      },
    );
  }
  return time;
}

function taken(time: unknown): number {
  refuseLater(time, 'DECODE', 'Take the timestamp from what is in the value: nobody waits for it');
  if (Number.isSafeInteger(time) && (time as number) >= 0) return time as number;
  throw new KafkaRxError('DECODE', 'it is no whole number of milliseconds since 1970', {
    remedy: `Give a safe integer of at least 0 (Date.parse of a text, Math.trunc of a fraction), or ${policy}`,
  });
}
