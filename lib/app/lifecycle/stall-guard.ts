import type { Clock, Timer } from '../../base/clock.js';
import { type Coordinates, KafkaRxError } from '../../errors/errors.js';
import { type GivenUp, toldGivenUp } from '../../flow/source/given-up.js';
import type { PartitionReading } from '../../logging/metrics/instruments.js';
import type { Wait } from './waits.js';

export interface StallGuardParts {
  readonly clock: Clock;
  /** Milliseconds that a record may hold a partition's watermark. */
  readonly timeoutMs: number;
  /** The options to raise where work takes longer, as a remedy names them. */
  readonly toRaise: string;
  readonly partitions: () => readonly PartitionReading[];
  /** What the driver tries again, as `health()` has it. */
  readonly retries: () => readonly Wait[];
  /** Makes an end of it: the app fails, or nobody waits for what was under way there any more. @returns whether the app goes on */
  readonly stalled: (error: KafkaRxError, at: PartitionReading) => boolean;
}

/**
 * Watches for a partition that no longer moves. Heartbeats go on by themselves, so that a member whose pipeline is dead
 * would keep its partitions for ever; the Java client has `max.poll.interval.ms` for that.
 *
 * @returns the way out
 */
export function guardAgainstStall(parts: StallGuardParts): () => void {
  const { clock, timeoutMs, partitions, stalled } = parts;
  let timer: Timer | undefined;
  const look = (): void => {
    for (;;) {
      let oldest: PartitionReading | undefined;
      for (const one of partitions()) if (oldest === undefined || ageMs(one) > ageMs(oldest)) oldest = one;
      const leftMs = timeoutMs - (oldest === undefined ? 0 : ageMs(oldest));
      if (oldest === undefined || leftMs > 0) {
        // When that one will have waited for so long: under exactly once the brokers do not wait for a later look.
        timer = clock.schedule(look, Math.ceil(leftMs));
        return;
      }
      if (!stalled(stalledAt(oldest, parts), oldest)) return;
    }
  };
  timer = clock.schedule(look, timeoutMs / 4);
  return () => timer?.cancel();
}

/** Many partitions may be without their leader at once. */
const toldRetries = 3;

const ageMs = ({ watermarkAgeSeconds }: PartitionReading): number => watermarkAgeSeconds * 1000;

function stalledAt(
  { topic, partition, waitingAt, givenUp }: PartitionReading,
  { timeoutMs, toRaise, retries }: StallGuardParts,
): KafkaRxError {
  if (givenUp?.offset === waitingAt)
    return stalledAtGivenUp(givenUp, { topic, partition, offset: waitingAt });
  // It may wait for one of these, which nothing has given up yet.
  const meanwhile = retries()
    .slice(0, toldRetries)
    .map(({ reason }) => `; ${reason}`);
  const what = `A record has not settled for ${Math.round(timeoutMs / 1000)} s${meanwhile.join('')}`;
  return new KafkaRxError('STALLED', what, {
    at: { topic, partition, offset: waitingAt },
    remedy:
      'Look at what it waits for: a store, a call of mapAsync or app.each without a timeout; ' +
      `or raise ${toRaise}`,
  });
}

/** Nothing waits there: it was let go of, and is never done. */
function stalledAtGivenUp(givenUp: GivenUp, at: Coordinates): KafkaRxError {
  return new KafkaRxError(
    'STALLED',
    `${toldGivenUp(givenUp)}: nothing from offset ${givenUp.offset} on can be committed before a restart`,
    {
      at,
      remedy:
        givenUp.sink === undefined
          ? 'Restart, and they come again; keep what has records under way (mapAsync, batch, through) outside of a switchMap and of ' +
            'what else unsubscribes it, or have a sink with mayEnd end it'
          : 'Restart, and they come again; that a sink may end with nothing under way, put take and takeUntil before mapAsync, batch and ' +
            'through, which then finish what they have',
    },
  );
}
