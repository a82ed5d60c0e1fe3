import type { Buffer } from 'node:buffer';
import {
  anyText,
  bytes,
  call,
  either,
  kind,
  list,
  oneOf,
  required,
  shape,
  whole,
} from '../../base/option-kinds.js';
import {
  checkArgument,
  checkOptions,
  type Fields,
  faultIn,
  isPlainObject,
} from '../../base/option-schema.js';
import { KafkaRxError } from '../../errors/errors.js';
import { writtenContent, writtenKind } from '../written-content.js';
import { DrawnChoices, NotedChoices } from './choices.js';
import { describeProfile, drawProfile, type FaultKind, faultKinds } from './profile.js';
import { Random } from './random.js';
import { type Shrunk, shrink } from './shrink.js';
import {
  type SimulatedAppOptions,
  type SimulatedTopology,
  simulatedAppOptions,
} from './simulated-process.js';
import { simulateOnce } from './simulation.js';
import type {
  SimulatedInput,
  SimulationOutcome,
  SimulationParts,
  SimulationView,
} from './simulation-parts.js';
import { topicsOf } from './topics-of.js';

/** A record to write: text and bytes as they are, anything else as JSON; what JSON has no form for is refused. @category Testing @since 0.2.0 */
export interface SimulatedRecord {
  readonly key?: string | Buffer | null | undefined;
  readonly value: unknown;
  readonly partition?: number | undefined;
}

/** What an invariant says: what is wrong, or nothing. */
// biome-ignore lint/suspicious/noConfusingVoidType: one that throws what is wrong gives nothing else
type Judgement = string | undefined | void;

/** @category Testing @since 0.2.0 */
export interface SimulateOptions {
  /** What is written, by topics that sources of the topology read, at least one record each; when is drawn, the order within a topic stays. */
  readonly inputs: Readonly<Record<string, readonly SimulatedRecord[]>>;
  /** How many seeds from 1 on, or which, at least one. Default 100. */
  readonly seeds?: number | readonly number[] | undefined;
  /** Processes that run the topology as one group. Default 2. */
  readonly processes?: number | undefined;
  /** Partitions, for all topics or by topic; topics that are left out there have 1. Default 2. */
  readonly partitions?: number | Readonly<Record<string, number>> | undefined;
  /** What may happen. Default {@link defaultFaults}: all that loses no input by itself. */
  readonly faults?: readonly FaultKind[] | undefined;
  /** What `createApp` would be given beside driver, group, clock, metrics and signals, which are the simulation's own. */
  readonly app?: SimulatedAppOptions | undefined;
  /**
   * Looked at when everything has come to rest: all processes run, all inputs are committed. Throws, or returns what is wrong.
   */
  readonly invariant?: ((view: SimulationView) => Judgement | Promise<Judgement>) | undefined;
  /** Called before each run, for what the topology's own functions remember. */
  readonly reset?: (() => void) | undefined;
  /** Steps after which a run ends as one that does not come to rest. Default 40,000. */
  readonly maxSteps?: number | undefined;
}

const partitionsKind = kind('a whole number from 1 up, or one of each topic', given => {
  const all = isPlainObject(given) ? Object.values(given) : [given];
  return all.every(one => Number.isSafeInteger(one) && Number(one) >= 1);
});
const recordKind = shape({
  key: either(
    anyText,
    bytes,
    kind('null', key => key === null),
  ),
  value: required(writtenKind),
  partition: whole(0),
} satisfies Fields<SimulatedRecord>);
/** Of a topic without records nothing would be tried. */
const recordsKind = list(recordKind, 1);
const inputsKind = kind('lists of records by topic', given => {
  if (!isPlainObject(given)) return false;
  for (const [topic, records] of Object.entries(given)) {
    const fault = faultIn(topic, recordsKind, records);
    if (fault !== undefined) return fault;
  }
  if (Object.keys(given).length > 0) return true;
  return {
    path: '',
    what: 'has no topic, and a run of nothing breaks nothing',
    remedy: 'Give what a source of the topology reads: { orders: [{ value: 1 }] }',
  };
});

export const simulateOptions: Fields<SimulateOptions> = {
  inputs: required(inputsKind),
  seeds: either(whole(1), list(whole(0), 1)),
  processes: whole(1),
  partitions: partitionsKind,
  faults: list(oneOf(...faultKinds)),
  app: shape(simulatedAppOptions),
  invariant: call,
  reset: call,
  maxSteps: whole(1),
};

/** What was run, where no invariant was broken. @category Testing @since 0.2.0 */
export interface SimulateReport {
  readonly seeds: number;
  readonly steps: number;
  /** How often what rarely happens has happened, over all seeds. */
  readonly marks: ReadonlyMap<string, number>;
}

/** Faults that keep every input: whatever is missing in the end was lost by the topology. @category Testing @since 0.2.0 */
export const defaultFaults: readonly FaultKind[] = [
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
  'lost-requests',
  'lost-answers',
  'delays',
  'held-commits',
  'terminate',
];

const spreadMs = 20_000;
const shrinkRuns = 200;

/**
 * Runs a topology as several processes on a simulated cluster, in virtual time, with crashes, stops, rebalances and lost answers
 * drawn from a seed: what a year in production may bring, in seconds, and the same again from the same seed.
 *
 * Every function of the topology must take time and chance from what it is given: `process.clock`, never `setTimeout`.
 *
 * @param topology as `createApp`'s, with the process that it is wired in
 * @throws KafkaRxError (by rejection) `CONFIGURATION` for what cannot be meant, such as inputs that nobody reads; `SIMULATION` for the first seed that breaks an invariant, with a timeline of the simplest run
 *   that was found to break it, and how to have it again
 * @example
 * ```ts
 * const orders = [1, 2, 3].map(id => ({ key: `c${id}`, value: `order ${id}` }));
 * await simulate(app => app.topic('in', { value: string }).subscribe(app.to('out', { value: string })), {
 *   inputs: { in: orders },
 *   invariant: view => (view.records('out').length < orders.length ? 'an order was lost' : undefined),
 * });
 * ```
 * @category Testing @since 0.2.0
 */
export async function simulate(
  topology: SimulatedTopology,
  options: SimulateOptions,
): Promise<SimulateReport> {
  checkArgument('simulate', 'the topology', required(call), topology);
  checkOptions('simulate', simulateOptions, options);
  const { seeds = 100 } = options;
  const marks = new Map<string, number>();
  let steps = 0;
  const list = typeof seeds === 'number' ? Array.from({ length: seeds }, (_, i) => i + 1) : seeds;
  const topics = topicsOf(topology, options);
  for (const seed of list) {
    const parts = partsOf(topology, options, topics, seed);
    options.reset?.();
    const outcome = await simulateOnce({ ...parts, choices: new DrawnChoices(seed) });
    steps += outcome.steps;
    for (const [mark, count] of outcome.marks) marks.set(mark, (marks.get(mark) ?? 0) + count);
    if (outcome.violation !== undefined) throw await broken(seed, parts, outcome);
  }
  return { seeds: list.length, steps, marks };
}

function partsOf(
  topology: SimulatedTopology,
  options: SimulateOptions,
  topics: Readonly<Record<string, number>>,
  seed: number,
): Omit<SimulationParts, 'choices'> {
  const { invariant, reset } = options;
  return {
    topology,
    topics,
    options: options.app ?? {},
    inputs: inputsOf(options.inputs, new Random(seed, 'workload')),
    processes: options.processes ?? 2,
    profile: drawProfile(new Random(seed, 'profile'), new Set(options.faults ?? defaultFaults)),
    maxSteps: options.maxSteps ?? 40_000,
    begin: reset,
    invariants: { atRest: async view => (await invariant?.(view)) ?? undefined },
  };
}

function inputsOf(inputs: SimulateOptions['inputs'], random: Random): SimulatedInput[] {
  return Object.entries(inputs)
    .flatMap(([topic, records]) => {
      const times = records.map(() => Math.floor(random.next() * spreadMs)).sort((a, b) => a - b);
      return records.map(({ key, value, partition }, i): SimulatedInput => {
        return { topic, key, value: writtenContent(value), partition, atMs: times[i] };
      });
    })
    .sort((a, b) => (a.atMs ?? 0) - (b.atMs ?? 0));
}

async function broken(
  seed: number,
  parts: Omit<SimulationParts, 'choices'>,
  outcome: SimulationOutcome,
): Promise<KafkaRxError> {
  const invariant = outcome.violation?.invariant ?? '';
  const whole = { ...parts, choices: new NotedChoices({}) };
  const shrunk = await shrink(whole, { inputs: parts.inputs, chosen: outcome.chosen }, invariant, shrinkRuns);
  return new KafkaRxError('SIMULATION', reportOf(seed, parts, outcome, shrunk), {
    remedy: `To have it again: simulate(topology, { …, seeds: [${seed}] })`,
  });
}

function reportOf(
  seed: number,
  { profile }: Omit<SimulationParts, 'choices'>,
  outcome: SimulationOutcome,
  shrunk: Shrunk | undefined,
): string {
  const { invariant, message, step, timeMs } = (shrunk?.outcome ?? outcome).violation ?? {};
  const timeline = (shrunk?.outcome ?? outcome).timeline.slice(-20);
  const how =
    shrunk === undefined ? 'not made simpler' : `made simpler: ${shrunk.case.inputs.length} records`;
  return [
    `Seed ${seed} broke '${invariant}': ${message}`,
    `at step ${step}, ${((timeMs ?? 0) / 1000).toFixed(3)} virtual seconds (${how}); faults: ${describeProfile(profile)}`,
    ...timeline.map(line => `  ${line}`),
  ].join('\n');
}
