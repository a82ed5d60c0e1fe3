/**
 * One run of a whole system in virtual time: processes that die, stop and start again, on an embedded broker that can fail.
 *
 * 1. *Faults*: what the profile allows happens at any step, until the inputs are through, or a record has failed in the same way so
 *    often that faults are hardly why.
 * 2. *Rest*: everything is healed and started again; within `restMs` the group must have committed all there is.
 *
 * The run is a function of its choices and inputs: two runs of the same are the same, step by step.
 */
import { MemoryBroker } from '../../drivers/memory/index.js';
import { type ErrorCode, isKafkaRxError } from '../../errors/errors.js';
import { partitionForKey } from '../../flow/sinks/partitioner.js';
import { CommitWatch } from './commit-watch.js';
import { Disks } from './disks.js';
import { FaultActions } from './fault-actions.js';
import { Journal, told } from './journal.js';
import { wireFaults } from './profile.js';
import type { StoredOffset } from './simulated-driver.js';
import { SimulatedProcess } from './simulated-process.js';
import type { SimulationOutcome, SimulationParts, SimulationView } from './simulation-parts.js';
import type { Place, WireFaults } from './wire.js';
import { Workload } from './workload.js';
import { type Actor, World } from './world.js';

/** Virtual milliseconds within which everything must have come to rest once all is healed. */
const restMs = 15 * 60_000;

/** Virtual milliseconds after which faults end, whatever is still under way. */
const faultsMs = 5 * 60_000;

/** How often one record fails in the same way until the faults end: without them it must pass, or the run is over soon. */
const mostAlike = 5;

/** What a record does by itself, where nothing from outside need be broken. */
const ofTheRecord: readonly (ErrorCode | undefined)[] = [
  'DECODE',
  'ENCODE',
  'PROCESS',
  'GUARD',
  'WITHOUT_DELIVERY',
  'OUTSIDE_DISPATCH_WINDOW',
];

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
  readonly #workload: Workload;
  readonly #commits: CommitWatch;
  readonly #journal: Journal;
  readonly #disks: Disks;
  readonly #view: SimulationView;
  #wireFaults: WireFaults;
  #places = 0;
  #ids = 0;
  #healed = false;
  #restarts = 0;
  /** How often an app has failed with the same words at the same record. */
  readonly #alike = new Map<string, number>();
  #failsAlike = false;

  constructor(parts: SimulationParts) {
    this.#parts = parts;
    this.#world = new World(parts.choices);
    this.#wireFaults = wireFaults(parts.profile);
    const newId = (): string => `id-${++this.#ids}`;
    this.#broker = new MemoryBroker({
      clock: this.#world.clockOf(this.#outside),
      partitioner: (key, partitions) => (key === null ? 0 : partitionForKey(key, partitions)),
      newId,
    });
    this.#journal = new Journal(this.#world);
    this.#disks = new Disks((invariant, message) => this.#journal.violated(invariant, message));
    this.#workload = new Workload(parts.inputs, this.#broker, this.#world.clockOf(this.#outside));
    this.#commits = new CommitWatch(this.#broker, this.#workload, this.#journal);
    const simulation = this;
    const host = {
      world: this.#world,
      outside: this.#outside,
      get faults() {
        return simulation.#wireFaults;
      },
      reached: (process: Actor, call: string, place: Place) => this.#reached(process, call, place),
      mark: (name: string) => this.#journal.mark(name),
      broker: this.#broker,
      topology: parts.topology,
      groupId,
      options: parts.options,
      newId,
      disks: this.#disks,
      lmdbHost: parts.lmdbHost ?? (host => host),
      failsWrite: () => this.#failsWrite(),
      topicId: (topic: string) => this.#workload.topicId(topic),
      committed: (process: string, offsets: readonly StoredOffset[]) => this.#storedOffsets(process, offsets),
      goesBack: () => this.#commits.goesBack(),
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
      inputs: this.#workload.topics,
      mostCrashes: parts.mostCrashes ?? Number.POSITIVE_INFINITY,
      mark: name => this.#journal.mark(name),
      recreating: topic => this.#workload.recreating(topic),
      deleting: (topic, partition, below) => this.#workload.deleting(topic, partition, below),
    });
    this.#view = {
      broker: this.#broker,
      groupId,
      get timeMs() {
        return simulation.#world.timeMs;
      },
      processes: this.#processes,
      records: topic => (this.#broker.cluster.partitionCount(topic) === 0 ? [] : this.#broker.records(topic)),
      written: this.#workload.written,
      disk: name => this.#disks.storeAt(name),
      durable: name => this.#disks.durable(name),
      mark: name => this.#journal.mark(name),
    };
  }

  async run(): Promise<SimulationOutcome> {
    const { topics, maxSteps } = this.#parts;
    this.#parts.begin?.();
    const unhandled = (reason: unknown): void =>
      this.#journal.violated('no unhandled rejection', told(reason));
    process.on('unhandledRejection', unhandled);
    process.on('uncaughtException', unhandled);
    try {
      for (const [topic, partitions] of Object.entries(topics)) this.#broker.createTopic(topic, partitions);
      this.#workload.begin();
      for (const one of this.#processes) one.start();

      await this.#world.run({
        done: () =>
          this.#journal.violation !== undefined ||
          this.#failsAlike ||
          (this.#workload.isThrough && this.#commits.isLevel()),
        before: () => this.#faults.maybe(),
        untilMs: faultsMs,
        maxSteps,
      });
      this.#heal();
      const ended = await this.#world.run({
        done: () => this.#journal.violation !== undefined || this.#atRest(),
        untilMs: this.#world.timeMs + restMs,
        maxSteps: maxSteps * 4,
      });
      if (ended !== 'done') this.#journal.violated('everything comes to rest', this.#whyNot(ended));
      if (this.#journal.violation === undefined) {
        const wrong = await this.#parts.invariants.atRest?.(this.#view);
        if (wrong !== undefined) this.#journal.violated('at rest', wrong);
      }
      await this.#close();
    } catch (error) {
      this.#journal.violated('nothing throws', told(error));
    } finally {
      process.off('unhandledRejection', unhandled);
      process.off('uncaughtException', unhandled);
    }
    return {
      violation: this.#journal.violation,
      steps: this.#world.steps,
      timeMs: this.#world.timeMs,
      hash: this.#world.hash,
      marks: this.#journal.marks,
      timeline: this.#journal.timeline,
      places: this.#places,
      chosen: this.#parts.choices.chosen,
    };
  }

  #reached(actor: Actor, call: string, place: Place): boolean {
    if (this.#healed || actor.state !== 'running') return false;
    const number = this.#places++;
    const { crashAt, profile, choices } = this.#parts;
    const dies =
      crashAt === undefined
        ? choices.happens('crash-at-call', profile.rates['crash-at-call'])
        : crashAt.includes(number);
    if (!dies) return false;
    const process = this.#processes.find(one => actor.name.startsWith(`${one.name}.`));
    if (process === undefined) return false;
    this.#journal.mark(`crash ${place}: ${call}`);
    process.crash();
    this.#faults.restart(process);
    return true;
  }

  #failsWrite(): Error | undefined {
    if (this.#healed) return undefined;
    if (!this.#parts.choices.happens('failed-writes', this.#parts.profile.rates['failed-writes']))
      return undefined;
    this.#journal.mark('write failed');
    return new Error('the disk is full');
  }

  #storedOffsets(process: string, offsets: readonly StoredOffset[]): void {
    this.#commits.stored(process, offsets);
    const wrong = this.#parts.invariants.committed?.(this.#view, offsets);
    if (wrong !== undefined) this.#journal.violated('at a commit', wrong);
  }

  #ended(process: SimulatedProcess, error: unknown): void {
    this.#restarts++;
    const code = isKafkaRxError(error) ? error.code : undefined;
    if (ofTheRecord.includes(code)) {
      const alike = (this.#alike.get(told(error)) ?? 0) + 1;
      this.#alike.set(told(error), alike);
      this.#failsAlike ||= alike >= mostAlike;
    }
    this.#journal.mark(`an app ended: ${code ?? 'none'}`);
    if (error === undefined)
      this.#journal.violated('an app runs until it is stopped', `${process.name} ended by itself`);
    // Healed, nothing may fail it but what was under way when all was healed.
    if (this.#healed && this.#restarts > 3 * this.#processes.length) {
      this.#journal.violated('no app fails without a fault', `${process.name}: ${told(error)}`);
    }
    this.#faults.restart(process);
  }

  #heal(): void {
    this.#healed = true;
    this.#restarts = 0;
    this.#wireFaults = { lostRequests: 0, lostAnswers: 0, delays: 0, delayMs: 0 };
    this.#faults.heal();
    this.#parts.healed?.();
  }

  #atRest(): boolean {
    return (
      this.#workload.isThrough &&
      this.#commits.isLevel() &&
      this.#processes.every(({ app }) => app?.health().state === 'running')
    );
  }

  #whyNot(ended: string): string {
    const lags = this.#workload.topics.map(topic =>
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
    await this.#disks.close();
  }
}

const groupId = 'simulated';
