import { Observable, type OperatorFunction } from 'rxjs';
import { defaults } from '../../app/defaults.js';
import { checkSource } from '../../base/check-source.js';
import { systemClock } from '../../base/clock.js';
import { having, required } from '../../base/option-kinds.js';
import { checkArgument, checkOptions } from '../../base/option-schema.js';
import { receive } from '../../base/receive.js';
import { withDefaults } from '../../base/with-defaults.js';
import type { OffsetCommit } from '../../drivers/port.js';
import type { CommitResult, CommitTarget } from './commit-cycle.js';
import { Committer } from './committer.js';
import { type CommitterOptions, checkCommits, committerOptions } from './committer-options.js';
import { isCount } from './is-count.js';
import { notTaken } from './not-taken.js';

const targetKind = required(having('a driver’s consumer, or anything with its commit', 'commit'));

/**
 * Commits offsets to Kafka, one commit in flight and everything since merged into the next.
 *
 * ```
 * points    --3--5--9--------12-|
 * commits   --------(9)--------(12)|     (one for each interval, the newest offset of each partition)
 * ```
 *
 * Emits a `CommitResult` for each commit, confirmed or given up; a failed commit is a result, not an error. On
 * completion of the source the rest is committed before the result completes; unsubscribing commits nothing more,
 * and neither does an error of the source: what waits for the interval then is not committed, and comes again. So it is with what is no
 * commit point: that is an error of the stream, `WITHOUT_DELIVERY`.
 *
 * @param target a driver's consumer, or anything with its `commit`
 * @param options `intervalMs` (default 1,000 ms), `every` (default 10,000 records), `attempts` (default 10), `clock`
 * @param handle called with the committer, for whoever must flush it (a drain) or await it
 * @example
 * ```ts
 * deliveries$.pipe(commitInOrder(), commitTo(consumer, { intervalMs: 500 })).subscribe();
 * ```
 * @throws `CONFIGURATION` for options that cannot be
 * @category Commit @since 0.1.0
 */
export function commitTo(
  target: CommitTarget,
  options: Partial<CommitterOptions> = {},
  handle?: (committer: Committer) => void,
): OperatorFunction<OffsetCommit, CommitResult> {
  checkArgument('commitTo', 'the target', targetKind, target);
  checkOptions('commitTo', committerOptions, options, defaults.commit);
  checkCommits('commitTo', '', options);
  return source => {
    checkSource('commitTo', source);
    return new Observable(subscriber => {
      const committer = new Committer(
        target,
        withDefaults<CommitterOptions, Partial<CommitterOptions>>(
          { clock: systemClock, ...defaults.commit },
          options,
        ),
        result => subscriber.next(result),
      );
      handle?.(committer);
      subscriber.add(() => committer.close());
      receive(
        source,
        subscriber,
        point => {
          if (isPoint(point)) committer.add(point);
          else subscriber.error(notTaken('commitTo', 'commit point', remedy, point));
        },
        () => void committer.flush().then(() => subscriber.complete()),
      );
    });
  };
}

const remedy =
  'Give it commit points, as commitInOrder makes them: { topic, partition, epoch, offset }, with whole numbers from 0 up';

function isPoint(point: OffsetCommit): boolean {
  try {
    const { topic, partition, epoch, offset } = point;
    return typeof topic === 'string' && isCount(partition) && isCount(epoch) && isCount(offset);
  } catch {
    // Nothing at all, or a Proxy that throws.
    return false;
  }
}
