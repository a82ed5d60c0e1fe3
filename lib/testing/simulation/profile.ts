import type { Random } from './random.js';
import type { WireFaults } from './wire.js';

/**
 * What can be made to happen to a running system; `topic-deleted` to topics alone that come while it runs, of which `simulate` has none;
 * `held-commits`, which are decided late, under exactly once alone; `terminate` is SIGTERM to an app that listens for it.
 *
 * @category Testing @since 0.2.0
 */
export const faultKinds = [
  'crash',
  'crash-at-call',
  'stop',
  'lose-partitions',
  'rebalance',
  'outage',
  'refused-commits',
  'failed-produce',
  'late-acknowledgements',
  'failed-writes',
  'partitions-added',
  'topic-recreated',
  'retention',
  'lost-requests',
  'lost-answers',
  'delays',
  'topic-deleted',
  'lost-disk',
  'held-commits',
  'terminate',
  'compaction',
] as const;

/** @category Testing @since 0.2.0 */
export type FaultKind = (typeof faultKinds)[number];

/** How much of what goes wrong in one run; drawn before anything else. */
export interface FaultProfile {
  /** Probability at each step, or at each call for what concerns calls; 0: never. */
  readonly rates: Readonly<Record<FaultKind, number>>;
  /** Virtual milliseconds that a process runs at least before something is done to it, and that it is gone at least. */
  readonly leastUpMs: number;
  readonly leastDownMs: number;
  /** Virtual milliseconds that a stopped process stands at most. */
  readonly mostStoppedMs: number;
  readonly delayMs: number;
}

/** Of each kind: the least and most likely that it gets, each order of magnitude alike. */
const ranges: Readonly<Record<FaultKind, readonly [number, number]>> = {
  crash: [2e-4, 6e-3],
  'crash-at-call': [5e-4, 1e-2],
  stop: [2e-4, 4e-3],
  'lose-partitions': [2e-4, 4e-3],
  rebalance: [2e-4, 8e-3],
  outage: [1e-4, 2e-3],
  'refused-commits': [5e-4, 1e-2],
  'failed-produce': [5e-4, 1e-2],
  'late-acknowledgements': [2e-4, 4e-3],
  'failed-writes': [5e-3, 1e-1],
  'partitions-added': [2e-4, 2e-3],
  'topic-recreated': [2e-4, 2e-3],
  retention: [2e-4, 4e-3],
  'lost-requests': [2e-3, 1e-1],
  'lost-answers': [2e-3, 1e-1],
  delays: [2e-3, 1e-1],
  'topic-deleted': [5e-4, 5e-3],
  // Of each start that finds no process up.
  'lost-disk': [1e-1, 1],
  // Of each unit of work that is committed.
  'held-commits': [5e-3, 3e-1],
  terminate: [2e-4, 4e-3],
  compaction: [2e-4, 4e-3],
};

/** Drawn behind all else, so that seeds of before have the other rates that they had. */
const later: ReadonlySet<FaultKind> = new Set([
  'topic-deleted',
  'lost-disk',
  'held-commits',
  'terminate',
  'compaction',
]);

/**
 * Each kind is left out in a third of the runs, so that no fault can hide behind another that is always there.
 *
 * @param allowed kinds that may occur at all
 */
export function drawProfile(random: Random, allowed: ReadonlySet<FaultKind>): FaultProfile {
  const rateOf = (kind: FaultKind): readonly [FaultKind, number] => {
    const [least, most] = ranges[kind];
    // Drawn also for what is not allowed: the others are the same with and without it.
    const off = random.happens(1 / 3);
    const rate = random.logUniform(least, most);
    return [kind, off || !allowed.has(kind) ? 0 : rate];
  };
  const first = faultKinds.filter(kind => !later.has(kind)).map(rateOf);
  const times = {
    leastUpMs: random.logUniform(10, 20_000),
    leastDownMs: random.logUniform(1, 40_000),
    mostStoppedMs: random.logUniform(1_000, 90_000),
    delayMs: Math.round(random.logUniform(1, 40_000)),
  };
  const all = [...first, ...faultKinds.filter(kind => later.has(kind)).map(rateOf)];
  // Every kind is in one of the two.
  return { rates: Object.fromEntries(all) as Record<FaultKind, number>, ...times };
}

export function wireFaults({ rates, delayMs }: FaultProfile): WireFaults {
  return {
    lostRequests: rates['lost-requests'],
    lostAnswers: rates['lost-answers'],
    delays: rates.delays,
    delayMs,
  };
}

/** One line: what is on, per thousand steps. */
export function describeProfile({ rates, leastUpMs, leastDownMs, delayMs }: FaultProfile): string {
  const on = faultKinds
    .filter(kind => rates[kind] > 0)
    .map(kind => `${kind} ${(rates[kind] * 1000).toPrecision(2)}`);
  const times = `up ${Math.round(leastUpMs)} ms, down ${Math.round(leastDownMs)} ms, delays to ${delayMs} ms`;
  return on.length === 0 ? 'no faults' : `${on.join(', ')} (of 1,000); ${times}`;
}
