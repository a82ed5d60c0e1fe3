import type { Evidence, Violation } from '../evidence.js';

const recoveryMs = 30_000;
/** What a timer and the last turn of a busy machine may add to a deadline. */
const stopGraceMs = 1_000;
const mostRssMb = 512;

/** It comes back by itself, ends when it is told to, and stays within its memory. */
export function* liveness(evidence: Evidence): Generator<Violation> {
  for (const { name, inFlight, healedMs, progressMs } of evidence.faults) {
    if (inFlight === 0)
      yield { invariant: 'work in flight at every fault', detail: `${name} hit an idle app` };
    if (progressMs === undefined || progressMs - healedMs > recoveryMs) {
      const took = progressMs === undefined ? 'never' : `after ${progressMs - healedMs} ms`;
      yield { invariant: 'progress within 30 s of healing', detail: `${name}: ${took}` };
    }
  }
  for (const { member, during, deadlineMs, tookMs } of evidence.stops) {
    if (tookMs <= deadlineMs + stopGraceMs) continue;
    const detail = `${member} (${during}): ${tookMs} ms, deadline ${deadlineMs} ms`;
    yield { invariant: 'stop inside its deadline', detail };
  }
  for (const text of evidence.rejections) yield { invariant: 'no unhandled rejection', detail: text };
  if (evidence.peakRssMb > mostRssMb) {
    yield {
      invariant: 'memory bounded',
      detail: `${evidence.peakRssMb} MiB resident, limit ${mostRssMb} MiB`,
    };
  }
  const { committed, ends } = evidence.drained;
  for (const [partition, end] of ends) {
    const at = committed.get(partition) ?? -1;
    if (at === end || (end === 0 && at === -1)) continue;
    yield {
      invariant: 'everything is committed in the end',
      detail: `transactions ${partition}: ${at} of ${end}`,
    };
  }
}
