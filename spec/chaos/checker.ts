import type { Evidence } from './evidence.js';
import { judge } from './exactly-once/judge.js';
import { type Finding, findingsOf } from './findings.js';
import { changingTopics } from './invariants/changing-topics.js';
import { committedForward } from './invariants/committed-forward.js';
import { delivered } from './invariants/delivered.js';
import { duplicates } from './invariants/duplicates.js';
import { durableBelowCommitted } from './invariants/durable-below-committed.js';
import { keyOrder } from './invariants/key-order.js';
import { liveness } from './invariants/liveness.js';
import { standstill } from './invariants/standstill.js';

/** Under each guarantee. */
const always = [delivered, durableBelowCommitted, committedForward, changingTopics, standstill, liveness];
/** What exactly once holds more strictly, as its judge sees it. */
const atLeastOnce = [duplicates, keyOrder];

/** Judges a run. Pure: the same evidence gives the same findings; none means that all invariants held. */
export function check(evidence: Evidence): readonly Finding[] {
  const { exactlyOnce } = evidence;
  const wanted = exactlyOnce === undefined ? [...always, ...atLeastOnce] : always;
  const found = findingsOf(wanted.map(invariant => invariant(evidence)));
  return exactlyOnce === undefined ? found : [...found, ...judge(exactlyOnce)];
}
