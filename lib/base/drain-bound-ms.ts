/**
 * Milliseconds that a member may drain before it has to let go: the rebalance timeout without a tenth for the last commit and
 * the answer to the broker, and without the time in which it may have noticed the rebalance late; at least half of it.
 *
 * @param noticedLateMs the interval between heartbeats: only their answers tell of a rebalance
 */
export function drainBoundMs(rebalanceTimeoutMs: number, noticedLateMs: number): number {
  return Math.max(rebalanceTimeoutMs * 0.5, rebalanceTimeoutMs * 0.9 - noticedLateMs);
}
