import type { Clock } from '../../base/clock.js';
import { clock, milliseconds, whole } from '../../base/option-kinds.js';
import type { Fields } from '../../base/option-schema.js';
import { KafkaRxError } from '../../errors/errors.js';

export interface CommitterOptions {
  readonly clock: Clock;
  /** Milliseconds between commits. */
  readonly intervalMs: number;
  /** Commit as soon as watermarks have moved this often; where records settle in order, that is once for each. */
  readonly every: number;
  /**
   * Tries of one commit before it is given up; only retriable errors are tried again, after 100 ms, doubling up to 3 s.
   * Worst case for the default of 10 tries, without the requests themselves: 100 + 200 + … + 3,000 ms = 15.1 s.
   */
  readonly attempts: number;
}

export const committerOptions: Fields<CommitterOptions> = {
  clock,
  intervalMs: milliseconds(1, { endless: true }),
  every: whole(1, { endless: true }),
  attempts: whole(1, { endless: true }),
};

/**
 * @param at before the names of the options: `commit.`, or nothing
 * @throws `CONFIGURATION` when neither option ever lets a commit go
 */
export function checkCommits(
  caller: string,
  at: string,
  { intervalMs, every }: { readonly intervalMs?: number | undefined; readonly every?: number | undefined },
): void {
  if (intervalMs !== Number.POSITIVE_INFINITY || every !== Number.POSITIVE_INFINITY) return;
  throw new KafkaRxError(
    'CONFIGURATION',
    `${caller}: ${at}intervalMs and ${at}every are both Infinity: nothing would be committed before the end`,
    { remedy: 'Give one of them a bound; the one that is reached first commits' },
  );
}
