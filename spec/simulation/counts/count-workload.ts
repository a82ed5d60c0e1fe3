/** What is written to the counting system, and what it counts: all of it drawn from a seed. */
import { Random } from '../../../lib/testing/simulation/random.js';
import type { SimulatedAppOptions } from '../../../lib/testing/simulation/simulated-process.js';
import type { SimulatedInput } from '../../../lib/testing/simulation/simulation-parts.js';
import type { Guarantee } from '../purchase-workload.js';

export interface CountWindows {
  readonly by: 'key' | 'group';
  readonly sizeMs: number;
  readonly graceMs: number;
}

/** Which counts the topology has, one at least, and how they are set. */
export interface CountShape {
  /** By the records' keys. */
  readonly byKey: boolean;
  /** By a part of the value, by way of an internal topic. */
  readonly byGroup: boolean;
  /** In windows whose results are final, by key or, by way of the internal topic, by group. */
  readonly windows: CountWindows | undefined;
  /** When the counts that are in no windows are handed on: each, or the last of each key at a commit. */
  readonly emit: 'updates' | 'commit';
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

const countedInput = 'clicks';
const besideInput = 'taps';

export const inputsOf = ({ severalInputs }: CountShape): readonly string[] =>
  severalInputs ? [countedInput, besideInput] : [countedInput];

/** What the counts are written to. */
export const countOutputs = { keys: 'counts-by-key', groups: 'counts-by-group', windows: 'finals' } as const;

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
  const windows: CountWindows = { by, sizeMs, graceMs: pick(0, sizeMs / 2, 3 * sizeMs) };
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
  return {
    system: 'counts',
    shape: {
      ...{ byKey: isByKey || !(byGroup || hasWindows), byGroup, severalInputs },
      windows: hasWindows ? windows : undefined,
      // Of its own draws, so that seeds go on telling of the same workloads.
      emit: new Random(seed, 'emit').happens(0.3) ? 'commit' : 'updates',
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
      ...Object.fromEntries(Object.values(countOutputs).map(name => [name, random.between(1, 3)])),
    },
    processes: random.between(1, 4),
  };
}
