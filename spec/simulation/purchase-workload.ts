/** What is written to the purchase system, and which parts its topology has: all of it drawn from a seed. */
import { Random } from '../../lib/testing/simulation/random.js';
import type { SimulatedAppOptions } from '../../lib/testing/simulation/simulated-process.js';
import type { LaterTopic, SimulatedInput } from '../../lib/testing/simulation/simulation-parts.js';

/** Which parts the topology has, and how they are set. */
export interface Shape {
  readonly mapAsync: 'key' | 'partition' | 'none' | undefined;
  readonly asyncMs: number;
  readonly batch: { readonly maxRecords: number; readonly maxWaitMs: number } | undefined;
  readonly through: boolean;
  readonly store: 'shared' | 'each' | undefined;
  /** What the store is. Left out, as in runs that were kept before: in memory. */
  readonly database?: 'lmdb' | undefined;
  /** Whether batches go to a store of their own, on disk. */
  readonly storesBatches?: boolean | undefined;
  readonly policy: 'skip' | 'dead-letter';
  readonly options: SimulatedAppOptions;
  readonly startFrom: 'earliest' | 'latest';
  /** The source is a RegExp, which finds a topic that comes later, too. */
  readonly pattern?: boolean | undefined;
  /** Purchases at which a plain operator throws, once in each branch that has one: behind `batch` and behind `through`. */
  readonly throwsAt?: readonly number[] | undefined;
  /** A sink that is a function, and fails once at these purchases. */
  readonly each?: { readonly failsAt: readonly number[]; readonly ms: number } | undefined;
  /** A branch that ends after so many records of what an operator makes that has others under way. */
  readonly ends?:
    | { readonly behind: 'mapAsync' | 'batch' | 'through'; readonly ms: number; readonly records: number }
    | undefined;
  /** A second view of the inputs, which ends after so many records and is heard again some time later. */
  readonly secondView?: { readonly records: number; readonly pauseMs: number } | undefined;
  /** Purchases of which a branch makes what the brokers refuse for good, and which its policy has then. */
  readonly tooLarge?: readonly number[] | undefined;
  /** Half of the inputs lie in a second topic: partitions of one number are one task. */
  readonly severalInputs?: boolean | undefined;
  /** Purchases at each of which an operator waits once for its own output to be seen, which it is when its unit is committed. */
  readonly awaitsOwn?: readonly number[] | undefined;
  /** Writes of the store are tried again, first after so long. */
  readonly storeRetryMs?: number | undefined;
}

export interface Workload {
  readonly shape: Shape;
  readonly inputs: readonly SimulatedInput[];
  readonly topics: Readonly<Record<string, number>>;
  readonly laterTopics?: readonly LaterTopic[] | undefined;
  readonly processes: number;
}

export const inputTopic = 'transactions';
/** What is read beside them, by the time of the records, where tasks have several inputs. */
export const besideTopic = 'returns';
const foundTopic = 'transactions-found';
export const inputPattern = /^transactions(-found)?$/;

/** Of records that say when they are of, ms since 1970: what a run begins with. */
const datedFrom = Date.UTC(2024, 0, 1);

/** Of one record, where some are too large: more than any other has, dead letters included. */
export const mostBytes = 10_000;

/** Topics that it writes to. */
export const outputs = [
  'patterns',
  'rewards',
  'purchases',
  'batches',
  'audit',
  'audited',
  'dead-letters',
] as const;

export type Guarantee = NonNullable<SimulatedAppOptions['guarantee']>;

/** A workload out of a seed. */
export function drawWorkload(seed: number, guarantee: Guarantee = 'at-least-once'): Workload {
  const workload = withInputs(
    withMore(drawPlain(seed), new Random(seed, 'workload, continued')),
    new Random(seed, 'workload, several inputs'),
  );
  return guarantee === 'exactly-once'
    ? inShortUnits(
        inUnits(workload, new Random(seed, 'workload, exactly once')),
        workload.shape.asyncMs,
        new Random(seed, 'workload, short transactions'),
      )
    : workload;
}

/** With tasks of several inputs in some of the runs, whose records are dated some time before they are written. */
function withInputs(workload: Workload, random: Random): Workload {
  const pick = <T>(...values: readonly T[]): T => values[random.below(values.length)] as T;
  const { shape, inputs, topics } = workload;
  // What a RegExp finds may come and go alone, with other partitions.
  if (shape.pattern === true || !random.happens(0.5)) return workload;
  const maxTaskIdleMs = pick(0, 0, 10_000, -1);
  // Less than two batches take, or as much as there is; records wait for their turn one by one, or hardly ever.
  const bounds = { ...pick({}, { maxQueuedBytes: 1_000 }), ...pick({}, { maxSpan: 1 }) };
  const backMs = random.logUniform(1, 60_000);
  return {
    ...workload,
    shape: {
      ...shape,
      severalInputs: true,
      options: {
        ...shape.options,
        coPartitioned: [[inputTopic, besideTopic]],
        maxTaskIdleMs,
        bounds: { ...shape.options.bounds, ...bounds },
      },
    },
    inputs: inputs.map(input => ({
      ...input,
      topic: random.happens(0.5) ? besideTopic : inputTopic,
      timestamp: datedFrom + (input.atMs ?? 0) - Math.floor(random.next() * backMs),
    })),
    topics: { ...topics, [besideTopic]: topics[inputTopic] ?? 1 },
  };
}

/** The same under exactly once: what settles slowly leaves the brokers' own timeout room, which is over before a run must have come to rest. */
function inUnits(workload: Workload, random: Random): Workload {
  const { shape, inputs } = workload;
  const { asyncMs, options } = shape;
  const transactionTimeoutMs = [60_000, 120_000, 600_000][random.below(3)] ?? 60_000;
  const stallTimeoutMs = Math.min(300_000, 0.8 * transactionTimeoutMs);
  const units = { guarantee: 'exactly-once', transactionTimeoutMs, stallTimeoutMs } as const;
  const tooLarge = random.happens(0.3) ? [random.below(inputs.length), random.below(inputs.length)] : [];
  const bound = tooLarge.length > 0 ? { producer: { maxRecordBytes: mostBytes } } : {};
  return {
    ...workload,
    shape: {
      ...shape,
      ...{ asyncMs: Math.min(asyncMs, 500), tooLarge, options: { ...options, ...units, ...bound } },
    },
  };
}

/**
 * In some of the runs with transactions that an outage, late acknowledgements or calls that go one after the other outlast, though no record takes
 * as long as the app would fail for.
 */
function inShortUnits(workload: Workload, asyncMs: number, random: Random): Workload {
  if (!random.happens(0.2)) return workload;
  const { shape, inputs } = workload;
  const units = { transactionTimeoutMs: 10_000, stallTimeoutMs: 8_000 };
  const options = { ...shape.options, ...units };
  const awaitsOwn = random.happens(0.3) ? [random.below(inputs.length)] : [];
  // The longest call is twice that, and may wait for the same one of a unit that was dropped.
  return { ...workload, shape: { ...shape, awaitsOwn, asyncMs: Math.min(asyncMs, 1_500), options } };
}

/** What came later than the rest, from a generator of its own: seeds of before keep theirs. */
function withMore(workload: Workload, random: Random): Workload {
  const pick = <T>(...values: readonly T[]): T => values[random.below(values.length)] as T;
  const { shape, inputs } = workload;
  const someone = (): readonly number[] => [random.below(inputs.length)];
  const pattern = random.happens(0.4);
  const found: LaterTopic = {
    topic: foundTopic,
    partitions: random.between(1, 2),
    atMs: Math.floor(random.logUniform(300, 60_000)),
  };
  const more: Partial<Shape> = {
    startFrom: random.happens(0.3) ? 'latest' : 'earliest',
    throwsAt: random.happens(0.3) ? someone() : [],
    each: random.happens(0.4) ? { failsAt: pick([], someone()), ms: pick(0, 5, 500) } : undefined,
    ends: random.happens(0.25)
      ? { behind: pick('mapAsync', 'batch', 'through'), ms: pick(50, 2_000), records: random.between(1, 8) }
      : undefined,
    secondView: random.happens(0.2)
      ? { records: random.between(1, 20), pauseMs: pick(1_000, 90_000) }
      : undefined,
    storeRetryMs: pick(undefined, 100, 5_000, 70_000),
    options: { ...shape.options, ...(pattern ? { discoveryMs: pick(500, 5_000) } : {}) },
    ...(pattern ? { pattern } : {}),
  };
  // Some of them in good time for the topic to come, go and come back.
  const moved = (input: SimulatedInput): SimulatedInput => {
    const [goes, waits, atMs] = [
      random.happens(0.4),
      random.happens(0.5),
      Math.floor(random.next() * 120_000),
    ];
    return goes ? { ...input, topic: foundTopic, ...(waits ? { atMs } : {}) } : input;
  };
  return {
    ...workload,
    shape: { ...shape, ...more },
    inputs: pattern ? inputs.map(moved).sort((a, b) => (a.atMs ?? 0) - (b.atMs ?? 0)) : inputs,
    laterTopics: pattern ? [found] : [],
  };
}

function drawPlain(seed: number): Workload {
  const random = new Random(seed, 'workload');
  const pick = <T>(...values: readonly T[]): T => values[random.below(values.length)] as T;
  const policy = pick('skip' as const, 'dead-letter' as const);
  const drawn: Shape = {
    mapAsync: pick('key', 'partition', 'none', undefined),
    asyncMs: pick(0, 5, 500, 20_000),
    batch: pick(undefined, { maxRecords: random.between(1, 8), maxWaitMs: pick(10, 1000, 60_000) }),
    through: random.happens(0.5),
    store: pick('shared', 'each', undefined),
    policy,
    startFrom: 'earliest',
    options: {
      policies: { decode: policy, process: policy },
      ...(policy === 'dead-letter' ? { deadLetters: { topic: 'dead-letters', limit: 'none' } } : {}),
      commit: { intervalMs: pick(10, 1000, 5000), every: pick(1, 3, 10_000) },
      bounds: pick({}, { maxUnsettled: 4 }, { maxSpan: 3 }, { maxUnsettled: 8, maxSpan: 5 }),
      stallTimeoutMs: 300_000,
    },
  };
  // From a stream of its own: everything else of a seed is the same with either.
  const ofDatabase = new Random(seed, 'database');
  const isLmdb = ofDatabase.happens(0.5) && drawn.store !== undefined;
  const storesBatches = ofDatabase.happens(0.5) && drawn.batch !== undefined;
  const shape: Shape = isLmdb ? { ...drawn, database: 'lmdb', storesBatches } : drawn;
  const partitions = random.between(1, 4);
  const customers = random.between(1, 6);
  const spreadMs = random.logUniform(1, 60_000);
  const poison = pick(0, 0.05, 0.3);
  const inputs = Array.from({ length: random.between(1, 40) }, (_, id): SimulatedInput => {
    const customerId = `c${random.below(customers)}`;
    const purchase = { id, customerId, zipCode: `z${random.below(3)}`, amount: 1 + id, cardNumber: card(id) };
    const value = random.happens(poison) ? `{"id":${id},` : JSON.stringify(purchase);
    return { topic: inputTopic, key: customerId, value, atMs: Math.floor(random.next() * spreadMs) };
  }).sort((a, b) => (a.atMs ?? 0) - (b.atMs ?? 0));
  const topics = Object.fromEntries(outputs.map(name => [name, random.between(1, 3)]));
  return { shape, inputs, topics: { [inputTopic]: partitions, ...topics }, processes: random.between(1, 4) };
}

function card(id: number): string {
  return `4539-1488-0343-${String(1000 + (id % 9000))}`;
}
