import type { CommittedSample, Evidence, Violation } from '../evidence.js';

/** The committed offset of a partition never goes back, nor away, within what one observer saw. */
export function* committedForward({ samples }: Evidence): Generator<Violation> {
  const seen = new Map<CommittedSample['source'], Map<number, { offset: number; knownMs: number }>>();
  for (const { source, knownMs, committed } of samples) {
    const last = seen.get(source) ?? new Map<number, { offset: number; knownMs: number }>();
    seen.set(source, last);
    for (const [partition, offset] of committed) {
      const before = last.get(partition);
      if (before !== undefined && offset < before.offset) {
        yield {
          invariant: 'the committed offset never goes back',
          detail: `transactions ${partition}: ${before.offset} to ${offset} after ${knownMs - before.knownMs} ms (${source})`,
        };
      }
      last.set(partition, { offset, knownMs });
    }
  }
}
