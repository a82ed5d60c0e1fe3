import { countMarks } from './counts/count-marks.js';
import type { Guarantee } from './purchase-workload.js';
import type { System } from './systems.js';

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
const ofUnits = ['open unit', 'commit unit', 'abort unit'];

const declaredMarks: readonly string[] = [
  ...places.flatMap(place => calls.map(call => `crash ${place}: ${call}`)),
  ...['before the effect', 'after the effect'].map(place => `crash ${place}: lmdb transaction`),
  ...['lmdb: commits after the crash', 'lmdb: waits for another process'],
  ...losable.flatMap(call => [`lost request: ${call}`, `lost answer: ${call}`]),
  ...['crash', 'crash of a stopped process', 'a request that arrived after its sender had died'],
  ...['terminated', 'an app ended: stopped'],
  ...['stopped', 'stopped beyond the session', 'session expired unheard', 'partitions lost', 'rebalance'],
  ...['outage', 'commits refused', 'produce failed', 'late acknowledgements', 'write failed'],
  ...['partitions added', 'topic recreated', 'topic deleted', 'records expired', 'unread records expired'],
  ...['records compacted', 'records at the end compacted'],
  'disks lost',
  ...['told: commit COMMIT_FAILED', 'told: commit COMMIT_REFUSED'],
  ...['told: commit UNREACHABLE', 'told: commit-dropped', 'told: drained', 'told: failed', 'told: lost'],
  ...['told: offset-reset', 'told: resumed-at-store', 'told: revoked with records pending'],
  ...['told: store-new', 'told: topic-back', 'told: topic-gone'],
  // Of tasks of several inputs.
  'task: inputs take turns',
  'task: records at the end of an input compacted',
  'task: an input goes on while the others are paused',
  'task: an older record comes when its input was at its end',
];

/** From so many seeds on a declared mark that was never hit is a failure. */
export const seedsForMarks = 10_000;

/** What an app under exactly once does in place of commits of its own. */
const unitMarks: readonly string[] = [
  ...declaredMarks.filter(name => !/: commit$|told: commit /.test(name)),
  ...places.flatMap(place => ofUnits.map(call => `crash ${place}: ${call}`)),
  ...ofUnits.flatMap(call => [`lost request: ${call}`, `lost answer: ${call}`]),
  ...[
    'commit held',
    'commit held for long',
    'commits refused',
    'told: commit COMMIT_UNKNOWN',
    'told: commit COMMIT_REFUSED',
  ],
  ...['told: commit COMMIT_FAILED', 'told: commit PRODUCE', 'told: commit TRANSACTION_TIMEOUT'],
  ...['told: commit UNREACHABLE', 'told: commit COMMIT_UNKNOWN at the end'],
  // A former owner that is late, or gone.
  ...['unit: a living owner is fenced', 'unit: a dead owner left it open'],
  ...['unit: records behind the fence', 'unit: a commit behind the fence'],
  'unit: a commit of a member that the group has gone on without',
  'unit: opened behind a commit that is held',
  // What is committed whole, or not at all.
  'unit: refused with records in several partitions',
  // A task that waits, and others that do not.
  ...['unit: settled for more than ten intervals', 'once: a batch went on before it was full'],
  'once: asked where a store is filled again',
  ...['unit: committed while another task is at its gate', 'told: gate asked again'],
  // What can never be committed.
  'unit: who waits for his own output stalls by name',
  ...['unit: a record is refused alone', 'told: commit RECORD_TOO_LARGE'],
];

export function missingMarks(
  marks: ReadonlyMap<string, number>,
  guarantee: Guarantee,
  system: System,
): readonly string[] {
  const ofPurchases = guarantee === 'exactly-once' ? unitMarks : declaredMarks;
  const declared = system === 'counts' ? countMarks : ofPurchases;
  return declared.filter(name => (marks.get(name) ?? 0) === 0);
}
