/** What is written to the counting system, and what it counts: all of it drawn from a seed. */
import { Random } from '../../../lib/testing/simulation/random.js';
import type { SimulatedAppOptions } from '../../../lib/testing/simulation/simulated-process.js';
import type { SimulatedInput } from '../../../lib/testing/simulation/simulation-parts.js';
import type { Guarantee } from '../purchase-workload.js';

export interface CountWindows {
  readonly by: 'key' | 'group';
  readonly sizeMs: number;
  readonly graceMs: number;
  /** They are closed by the clock too, where nothing has come for so long; undefined: not so. */
  readonly idleMs: number | undefined;
}

/** What is set for each record: a timer at the next multiple in stream time, and one that fires when its key has had no record for a while. */
export interface CountTimers {
  readonly everyMs: number;
  /** By the clock. */
  readonly quietMs: number;
}

/** Which counts the topology has, one at least, and how they are set. */
export interface CountShape {
  /** By the records' keys. */
  readonly byKey: boolean;
  /** By a part of the value, by way of an internal topic. */
  readonly byGroup: boolean;
  /** In windows whose results are final, by key or, by way of the internal topic, by group. */
  readonly windows: CountWindows | undefined;
  /** When the counts that are in no windows are handed on: each, or of each key the last, at a commit or in so many milliseconds. */
  readonly emit: 'updates' | 'commit' | { readonly everyMs: number };
  /** By key, in a state of their own. */
  readonly timers: CountTimers | undefined;
  /** Where states lie: with the process, on its disk, or on one that processes share. */
  readonly backend: 'memory' | 'disk' | 'shared disk';
  /** Half of the inputs lie in a second topic: partitions of one number are one task. */
  readonly severalInputs: boolean;
  /** What hears of each count takes so long; undefined: it takes no time. */
  readonly asyncMs: number | undefined;
  readonly options: SimulatedAppOptions;
}

export interface CountWorkload {
  readonly system: 'counts';
  readonly shape: CountShape;
  readonly inputs: readonly SimulatedInput[];
  readonly topics: Readonly<Record<string, number>>;
  readonly processes: number;
}

export const countedInput = 'clicks';
const besideInput = 'taps';

export const inputsOf = ({ severalInputs }: CountShape): readonly string[] =>
  severalInputs ? [countedInput, besideInput] : [countedInput];

/** What the counts are written to. */
export const countOutputs = {
  ...{ keys: 'counts-by-key', groups: 'counts-by-group', windows: 'finals' },
  /** Records that windows did not take. */
  lates: 'lates',
  timers: 'timers',
} as const;

/** The name of the one that fires by the clock. */
export const quietTimer = 'quiet';

/** The next multiple. */
export function timerAfter(timestamp: number, everyMs: number): number {
  return timestamp - (timestamp % everyMs) + everyMs;
}

const datedFrom = Date.UTC(2024, 0, 1);

export function drawCounts(seed: number, guarantee: Guarantee): CountWorkload {
  const random = new Random(seed, 'counts');
  const pick = <T>(...values: readonly T[]): T => values[random.below(values.length)] as T;
  const [byGroup, isWindowed] = [random.happens(0.5), random.happens(0.5)];
  const isByKey = random.happens(0.5);
  const sizeMs = pick(1_000, 10_000);
  const severalInputs = random.happens(0.3);
  // Of several inputs nobody can tell from outside in which order they were read; in the internal topic they have one.
  const by = byGroup && (severalInputs || random.happens(0.5)) ? 'group' : 'key';
  const windows = { by, sizeMs, graceMs: pick(0, sizeMs / 2, 3 * sizeMs) } as const;
  const hasWindows = isWindowed && (by === 'group' || !severalInputs);
  const keys = random.between(1, 6);
  const withoutKey = pick(0, 0, 0.1);
  const spreadMs = random.logUniform(1, 60_000);
  const backMs = random.logUniform(1, 20_000);
  const inputs = Array.from({ length: random.between(1, 40) }, (_, id): SimulatedInput => {
    const atMs = Math.floor(random.next() * spreadMs);
    const key = random.happens(withoutKey) ? null : `k${random.below(keys)}`;
    const value = JSON.stringify({ id, group: `g${random.below(3)}` });
    const timestamp = datedFrom + atMs - Math.floor(random.next() * backMs);
    const topic = severalInputs && random.happens(0.5) ? besideInput : countedInput;
    return { topic, key, value, atMs, timestamp };
  }).sort((a, b) => (a.atMs ?? 0) - (b.atMs ?? 0));
  const partitions = random.between(1, 4);
  const later = drawnLater(seed, severalInputs);
  return {
    system: 'counts',
    shape: {
      ...{ byKey: isByKey || !(byGroup || hasWindows), byGroup, severalInputs },
      windows: hasWindows ? { ...windows, idleMs: later.idleMs } : undefined,
      ...{ emit: later.emit, timers: later.timers, backend: later.backend },
      asyncMs: pick(undefined, undefined, 5, 500),
      options: {
        ...(guarantee === 'exactly-once' ? { guarantee, transactionTimeoutMs: 60_000 } : {}),
        stallTimeoutMs: 48_000,
        // What has no key.
        policies: { decode: 'skip' },
        ...(severalInputs ? { maxTaskIdleMs: pick(0, 1_000, -1) } : {}),
        commit: { intervalMs: pick(10, 1000, 5000), every: pick(1, 3, 10_000) },
        bounds: pick({}, { maxUnsettled: 4 }, { maxSpan: 3 }),
      },
    },
    inputs,
    topics: {
      [countedInput]: partitions,
      ...(severalInputs ? { [besideInput]: partitions } : {}),
      ...Object.fromEntries(
        [countOutputs.keys, countOutputs.groups, countOutputs.windows].map(name => [
          name,
          random.between(1, 3),
        ]),
      ),
      ...later.topics,
    },
    processes: random.between(1, 4),
  };
}

/** Of their own draws, so that seeds go on telling of the same inputs and of the same processes. */
function drawnLater(seed: number, severalInputs: boolean) {
  const emit = new Random(seed, 'emit');
  const random = new Random(seed, 'later');
  const pick = <T>(...values: readonly T[]): T => values[random.below(values.length)] as T;
  const timers = { everyMs: pick(500, 10_000), quietMs: pick(100, 3_000, 30_000) };
  return {
    emit: emit.happens(0.3)
      ? ('commit' as const)
      : pick<CountShape['emit']>('updates', 'updates', { everyMs: pick(200, 5_000) }),
    idleMs: pick(undefined, 500, 5_000, 30_000),
    // They go by the order of records, as windows do.
    timers: random.happens(0.4) && !severalInputs ? timers : undefined,
    backend: pick('memory' as const, 'disk' as const, 'shared disk' as const),
    topics: { [countOutputs.lates]: random.between(1, 3), [countOutputs.timers]: random.between(1, 3) },
  };
}
