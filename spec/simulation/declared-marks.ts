/** What ten thousand seeds must have brought up, or nobody knows whether it holds. */

const places = [
  'before the effect',
  'with the request on its way',
  'after the effect',
  'in place of the answer',
];
const calls = [
  ...['commit', 'connect', 'offsets', 'prepare', 'start', 'topics', 'write', 'open'],
  ...['produce to purchases', 'produce to rewards', 'produce to patterns', 'produce to batches'],
  ...['produce to audit', 'produce to audited', 'produce to dead-letters'],
  ...['lmdb begin', 'lmdb commit'],
];
const losable = ['commit', 'connect', 'offsets', 'prepare', 'topics'];

const declaredMarks: readonly string[] = [
  ...places.flatMap(place => calls.map(call => `crash ${place}: ${call}`)),
  ...['before the effect', 'after the effect'].map(place => `crash ${place}: lmdb transaction`),
  ...['lmdb: commits after the crash', 'lmdb: waits for another process'],
  ...losable.flatMap(call => [`lost request: ${call}`, `lost answer: ${call}`]),
  ...['crash', 'crash of a stopped process', 'a request that arrived after its sender had died'],
  ...['stopped', 'stopped beyond the session', 'session expired unheard', 'partitions lost', 'rebalance'],
  ...['outage', 'commits refused', 'produce failed', 'late acknowledgements', 'write failed'],
  ...['partitions added', 'topic recreated', 'topic deleted', 'records expired', 'unread records expired'],
  'disks lost',
  ...['told: commit CLOSED', 'told: commit COMMIT_FAILED', 'told: commit COMMIT_REFUSED'],
  ...['told: commit UNREACHABLE', 'told: commit-dropped', 'told: drained', 'told: failed', 'told: lost'],
  ...['told: offset-reset', 'told: resumed-at-store', 'told: revoked with records pending'],
  ...['told: store-new', 'told: topic-back', 'told: topic-gone'],
];

/** From so many seeds on a declared mark that was never hit is a failure. */
export const seedsForMarks = 10_000;

export function missingMarks(marks: ReadonlyMap<string, number>): readonly string[] {
  return declaredMarks.filter(name => (marks.get(name) ?? 0) === 0);
}
