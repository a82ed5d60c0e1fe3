/**
 * One run of a whole system in virtual time: processes that die, stop and start again, on an embedded broker that can fail.
 *
 * 1. *Faults*: what the profile allows happens at any step, until the inputs are through.
 * 2. *Rest*: everything is healed and started again; within `restMs` the group must have committed all there is.
 *
 * The run is a function of its choices and inputs: two runs of the same are the same, step by step.
 */
import { MemoryBroker, type StoredRecord } from '../../drivers/memory/index.js';
import { isKafkaRxError } from '../../errors/errors.js';
import { partitionForKey } from '../../flow/sinks/partitioner.js';
import type { DocumentStore } from '../../stores/port.js';
import type { Choices, ChosenValues } from './choices.js';
import { FaultActions } from './fault-actions.js';
import { type FaultProfile, wireFaults } from './profile.js';
import type { StoredOffset } from './simulated-driver.js';
import { type SimulatedAppOptions, SimulatedProcess, type SimulatedTopology } from './simulated-process.js';
import type { Place, WireFaults } from './wire.js';
import { type Actor, World } from './world.js';

/** A record of the workload. @category Testing @since 0.2.0 */
export interface SimulatedInput {
  readonly topic: string;
  readonly key?: string | Buffer | null | undefined;
  readonly value: string | Buffer | null;
  readonly partition?: number | undefined;
  /** Virtual milliseconds after the beginning at which it is written. Default 0. */
  readonly atMs?: number | undefined;
}

/** What an invariant may look at. @category Testing @since 0.2.0 */
export interface SimulationView {
  readonly broker: MemoryBroker;
  readonly groupId: string;
  readonly timeMs: number;
  readonly processes: readonly SimulatedProcess[];
  /** What a topic holds, as readers of committed records see it. */
  records(topic: string): readonly StoredRecord[];
  /** What was written of the workload so far, in order, with where it went. */
  readonly written: readonly WrittenInput[];
  /** A store that a process of this name, or all of them, wrote to. */
  disk(name: string): DocumentStore<unknown> | undefined;
  /** Notes that something rare has happened. */
  mark(name: string): void;
}

/** A record of the workload, written. @category Testing @since 0.2.0 */
export interface WrittenInput {
  readonly input: SimulatedInput;
  readonly topicId: string;
  readonly partition: number;
  readonly offset: number;
  /** Its topic or its offset has gone since, perhaps before it was read. */
  gone: boolean;
}

/** Something that must hold; returns or throws what is wrong. @category Testing @since 0.2.0 */
export interface Invariants {
  /** When the broker has stored offsets. */
  readonly committed?:
    | ((view: SimulationView, offsets: readonly StoredOffset[]) => string | undefined)
    | undefined;
  /** At the end, when everything has come to rest. */
  readonly atRest?: ((view: SimulationView) => string | undefined | Promise<string | undefined>) | undefined;
}

export interface SimulationParts {
  readonly topology: SimulatedTopology;
  readonly options: SimulatedAppOptions;
  readonly inputs: readonly SimulatedInput[];
  readonly topics: Readonly<Record<string, number>>;
  readonly processes: number;
  readonly profile: FaultProfile;
  readonly choices: Choices;
  readonly invariants: Invariants;
  /** Numbers of the calls' places at which the process that has reached it dies; none: as the profile has it. */
  readonly crashAt?: readonly number[] | undefined;
  readonly maxSteps: number;
  /** Called first. */
  readonly begin?: (() => void) | undefined;
}

/** @category Testing @since 0.2.0 */
export interface Violation {
  readonly invariant: string;
  readonly message: string;
  readonly step: number;
  readonly timeMs: number;
}

export interface SimulationOutcome {
  readonly violation: Violation | undefined;
  readonly steps: number;
  readonly timeMs: number;
  /** Of all steps; equal for two runs of the same choices. */
  readonly hash: string;
  /** How often what rarely happens has happened. */
  readonly marks: ReadonlyMap<string, number>;
  /** The same with step and time, in order; the last thousand. */
  readonly timeline: readonly string[];
  /** Places at which a process could have died in a call. */
  readonly places: number;
  readonly chosen: ChosenValues;
}

/** Virtual milliseconds within which everything must have come to rest once all is healed. */
const restMs = 15 * 60_000;

/** Virtual milliseconds after which faults end, whatever is still under way. */
const faultsMs = 5 * 60_000;

export async function simulateOnce(parts: SimulationParts): Promise<SimulationOutcome> {
  return new Simulation(parts).run();
}

class Simulation {
  readonly #parts: SimulationParts;
  readonly #world: World;
  readonly #outside: Actor = { name: 'outside', state: 'running' };
  readonly #broker: MemoryBroker;
  readonly #processes: readonly SimulatedProcess[];
  readonly #faults: FaultActions;
  readonly #disks = new Map<string, DocumentStore<unknown>>();
  readonly #marks = new Map<string, number>();
  readonly #timeline: string[] = [];
  readonly #written: WrittenInput[] = [];
  /** The highest offset committed, by topic id and partition. */
  readonly #committed = new Map<string, number>();
  /** Below which no commit may be, likewise: what was committed since an app last said that it goes back. */
  readonly #floor = new Map<string, number>();
  readonly #view: SimulationView;
  #wireFaults: WireFaults;
  #violation: Violation | undefined;
  #places = 0;
  #published = 0;
  #healed = false;
  #restarts = 0;

  constructor(parts: SimulationParts) {
    this.#parts = parts;
    this.#world = new World(parts.choices);
    this.#wireFaults = wireFaults(parts.profile);
    this.#broker = new MemoryBroker({
      clock: this.#world.clockOf(this.#outside),
      partitioner: (key, partitions) => (key === null ? 0 : partitionForKey(key, partitions)),
    });
    const simulation = this;
    const host = {
      world: this.#world,
      outside: this.#outside,
      get faults() {
        return simulation.#wireFaults;
      },
      reached: (process: Actor, call: string, place: Place) => this.#reached(process, call, place),
      mark: (name: string) => this.#mark(name),
      broker: this.#broker,
      topology: parts.topology,
      groupId,
      options: parts.options,
      disks: this.#disks,
      failsWrite: () => this.#failsWrite(),
      topicId: (topic: string) => this.#topicId(topic),
      committed: (process: string, offsets: readonly StoredOffset[]) => this.#storedOffsets(process, offsets),
      goesBack: () => this.#floor.clear(),
      ended: (process: SimulatedProcess, error: unknown) => this.#ended(process, error),
    };
    this.#processes = Array.from(
      { length: parts.processes },
      (_, i) => new SimulatedProcess(`p${i + 1}`, host),
    );
    this.#faults = new FaultActions({
      world: this.#world,
      outside: this.#outside,
      broker: this.#broker,
      groupId,
      profile: parts.profile,
      processes: this.#processes,
      inputs: [...new Set(parts.inputs.map(({ topic }) => topic))],
      mark: name => this.#mark(name),
      recreating: topic => this.#goneOf(topic, () => true),
      deleting: (topic, partition, below) =>
        this.#goneOf(topic, one => one.partition === partition && one.offset < below),
    });
    this.#view = {
      broker: this.#broker,
      groupId,
      get timeMs() {
        return simulation.#world.timeMs;
      },
      processes: this.#processes,
      records: topic => (this.#broker.cluster.partitionCount(topic) === 0 ? [] : this.#broker.records(topic)),
      written: this.#written,
      disk: name => this.#disks.get(name),
      mark: name => this.#mark(name),
    };
  }

  async run(): Promise<SimulationOutcome> {
    const { topics, inputs, maxSteps } = this.#parts;
    this.#parts.begin?.();
    const unhandled = (reason: unknown): void => this.#violated('no unhandled rejection', told(reason));
    process.on('unhandledRejection', unhandled);
    process.on('uncaughtException', unhandled);
    try {
      for (const [topic, partitions] of Object.entries(topics)) this.#broker.createTopic(topic, partitions);
      for (const input of inputs) this.#schedule(input);
      for (const one of this.#processes) one.start();

      await this.#world.run({
        done: () => this.#violation !== undefined || (this.#published === inputs.length && this.#isLevel()),
        before: () => this.#faults.maybe(),
        untilMs: faultsMs,
        maxSteps,
      });
      this.#heal();
      const ended = await this.#world.run({
        done: () => this.#violation !== undefined || this.#atRest(),
        untilMs: this.#world.timeMs + restMs,
        maxSteps: maxSteps * 4,
      });
      if (ended !== 'done') this.#violated('everything comes to rest', this.#whyNot(ended));
      if (this.#violation === undefined) {
        const wrong = await this.#parts.invariants.atRest?.(this.#view);
        if (wrong !== undefined) this.#violated('at rest', wrong);
      }
      await this.#close();
    } catch (error) {
      this.#violated('nothing throws', told(error));
    } finally {
      process.off('unhandledRejection', unhandled);
      process.off('uncaughtException', unhandled);
    }
    return {
      violation: this.#violation,
      steps: this.#world.steps,
      timeMs: this.#world.timeMs,
      hash: this.#world.hash,
      marks: this.#marks,
      timeline: this.#timeline,
      places: this.#places,
      chosen: this.#parts.choices.chosen,
    };
  }

  #schedule(input: SimulatedInput): void {
    this.#world.clockOf(this.#outside).schedule(() => this.#publish(input), input.atMs ?? 0);
  }

  /** As any producer does: again in a while where there is no such topic, or nobody to write to. */
  #publish(input: SimulatedInput): void {
    const { topic, key, value, partition } = input;
    const count = this.#broker.cluster.partitionCount(topic);
    if (count === 0) {
      this.#world.clockOf(this.#outside).schedule(() => this.#publish(input), 100);
      return;
    }
    this.#published++;
    const at = partition === undefined ? {} : { partition: partition % count };
    const [placed] = this.#broker.publish(topic, [{ key, value, ...at }]);
    const topicId = this.#topicId(topic);
    if (placed !== undefined) this.#written.push({ input, topicId, ...placed, gone: false });
  }

  #topicId(topic: string): string {
    return this.#broker.cluster.describe().find(({ name }) => name === topic)?.id ?? '';
  }

  #goneOf(topic: string, which: (one: WrittenInput) => boolean): void {
    const id = this.#topicId(topic);
    for (const one of this.#written) if (one.topicId === id && which(one)) one.gone = true;
  }

  #reached(actor: Actor, call: string, place: Place): void {
    if (this.#healed || actor.state !== 'running') return;
    const number = this.#places++;
    const { crashAt, profile, choices } = this.#parts;
    const dies =
      crashAt === undefined
        ? choices.happens('crash-at-call', profile.rates['crash-at-call'])
        : crashAt.includes(number);
    if (!dies) return;
    const process = this.#processes.find(one => actor.name.startsWith(`${one.name}.`));
    if (process === undefined) return;
    this.#mark(`crash ${place}: ${call}`);
    process.crash();
    this.#faults.restart(process);
  }

  #failsWrite(): Error | undefined {
    if (this.#healed) return undefined;
    if (!this.#parts.choices.happens('failed-writes', this.#parts.profile.rates['failed-writes']))
      return undefined;
    this.#mark('write failed');
    return new Error('the disk is full');
  }

  #storedOffsets(process: string, offsets: readonly StoredOffset[]): void {
    for (const { topic, topicId, partition, offset } of offsets) {
      const key = `${topicId}/${partition}`;
      const before = this.#floor.get(key) ?? -1;
      const what = `${process} committed ${offset} of ${topic}/${partition}`;
      if (offset < before) this.#violated('commits never go back', `${what} after ${before}`);
      this.#floor.set(key, Math.max(before, offset));
      this.#committed.set(key, Math.max(this.#committed.get(key) ?? -1, offset));
      // Of a topic that is gone nobody can tell any more where it ended.
      if (topicId !== this.#topicId(topic)) continue;
      const end = this.#broker.endOffsets(topic)[partition] ?? 0;
      if (offset > end) this.#violated('commits stay within the log', `${what}, which ends at ${end}`);
    }
    const wrong = this.#parts.invariants.committed?.(this.#view, offsets);
    if (wrong !== undefined) this.#violated('at a commit', wrong);
  }

  #ended(process: SimulatedProcess, error: unknown): void {
    this.#restarts++;
    const code = isKafkaRxError(error) ? error.code : 'none';
    this.#mark(`an app ended: ${code}`);
    if (error === undefined)
      this.#violated('an app runs until it is stopped', `${process.name} ended by itself`);
    // Healed, nothing may fail it but what was under way when all was healed.
    if (this.#healed && this.#restarts > 3 * this.#processes.length) {
      this.#violated('no app fails without a fault', `${process.name}: ${told(error)}`);
    }
    this.#faults.restart(process);
  }

  #heal(): void {
    this.#healed = true;
    this.#restarts = 0;
    this.#wireFaults = { lostRequests: 0, lostAnswers: 0, delays: 0, delayMs: 0 };
    this.#faults.heal();
  }

  /** The group has committed all there is of the inputs. */
  #isLevel(): boolean {
    return this.#inputTopics().every(topic => {
      if (this.#broker.cluster.partitionCount(topic) === 0) return false;
      const id = this.#topicId(topic);
      return this.#broker
        .endOffsets(topic)
        .every((end, partition) => end === 0 || (this.#committed.get(`${id}/${partition}`) ?? -1) >= end);
    });
  }

  #atRest(): boolean {
    const { inputs } = this.#parts;
    return (
      this.#published === inputs.length &&
      this.#isLevel() &&
      this.#processes.every(({ app }) => app?.health().state === 'running')
    );
  }

  #inputTopics(): readonly string[] {
    return [...new Set(this.#parts.inputs.map(({ topic }) => topic))];
  }

  #whyNot(ended: string): string {
    const lags = this.#inputTopics().map(topic =>
      this.#broker.cluster.partitionCount(topic) === 0
        ? `${topic}: gone`
        : `${topic}: committed ${this.#broker.committed(groupId, topic).join(' ')} of ${this.#broker.endOffsets(topic).join(' ')}`,
    );
    const healths = this.#processes.map(({ name, app, state }) => {
      const health = app?.health();
      return `${name} ${state}, ${health?.state}: ${health?.reasons.join('; ') || 'gives no reason'}`;
    });
    return `${ended} after ${Math.round(this.#world.timeMs)} ms: ${[...lags, ...healths].join(' | ')}`;
  }

  /** Lets everything go, so that nothing of this run is left in the next. */
  async #close(): Promise<void> {
    for (const one of this.#processes) if (one.state !== 'down') one.crash();
    await this.#world.run({ done: () => false, untilMs: this.#world.timeMs, maxSteps: 1000 });
    for (const disk of this.#disks.values()) await disk.close();
  }

  #mark(name: string): void {
    this.#marks.set(name, (this.#marks.get(name) ?? 0) + 1);
    this.#note(name);
  }

  #note(what: string): void {
    const { steps, timeMs } = this.#world;
    this.#timeline.push(`step ${steps}, ${(timeMs / 1000).toFixed(3)} s: ${what}`);
    if (this.#timeline.length > 1000) this.#timeline.shift();
  }

  #violated(invariant: string, message: string): void {
    this.#violation ??= { invariant, message, step: this.#world.steps, timeMs: this.#world.timeMs };
  }
}

const groupId = 'simulated';

function told(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
