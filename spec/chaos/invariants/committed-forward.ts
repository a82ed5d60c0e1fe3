import type { CommittedSample, Evidence, Violation } from '../evidence.js';

const invariant = 'the committed offset never goes back';
/** How long a sample below an earlier one may be a stale read. */
const staleMs = 5_000;

/**
 * The committed offset of a partition never goes back, nor away.
 *
 * Judged on the group's own log, which has every commit that a coordinator took, and on the samples besides, for offsets
 * that are lost without a commit. A sample that is lower for a moment is no proof: on three nodes a coordinator that
 * has just taken over, or does not know yet that it was replaced, was seen to answer with an older offset for 1.4 s,
 * while the log never went back. So a sample counts when those after it stay low.
 */
export function* committedForward({ samples }: Evidence): Generator<Violation> {
  yield* loggedForward(samples.filter(({ source }) => source === 'commit-log'));
  yield* sampledForward(samples.filter(({ source }) => source === 'sample'));
}

function* loggedForward(commits: readonly CommittedSample[]): Generator<Violation> {
  const last = new Map<number, number>();
  for (const { committed } of commits) {
    for (const [partition, offset] of committed) {
      const before = last.get(partition) ?? -1;
      last.set(partition, offset);
      if (offset >= before) continue;
      yield { invariant, detail: `transactions ${partition}: ${before} to ${offset} by a commit` };
    }
  }
}

function* sampledForward(samples: readonly CommittedSample[]): Generator<Violation> {
  const highest = new Map<number, number>();
  /** Since when a partition has been seen below its highest. */
  const lowSince = new Map<number, number>();
  for (const { knownMs, committed } of samples) {
    for (const [partition, offset] of committed) {
      const before = highest.get(partition) ?? -1;
      if (offset >= before) {
        highest.set(partition, offset);
        lowSince.delete(partition);
        continue;
      }
      const since = lowSince.get(partition) ?? knownMs;
      lowSince.set(partition, since);
      if (knownMs - since < staleMs) continue;
      highest.set(partition, offset); // told once
      lowSince.delete(partition);
      yield {
        invariant,
        detail: `transactions ${partition}: ${before} to ${offset}, seen for ${knownMs - since} ms`,
      };
    }
  }
}
