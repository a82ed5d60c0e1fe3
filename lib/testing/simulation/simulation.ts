/**
 * One run of a whole system in virtual time: processes that die, stop and start again, on an embedded broker that can fail.
 *
 * 1. *Faults*: what the profile allows happens at any step, until the inputs are through, or a record has failed in the same way so
 *    often that faults are hardly why.
 * 2. *Rest*: everything is healed and started again; within `restMs` the group must have committed all there is.
 *
 * The run is a function of its choices and inputs: two runs of the same are the same, step by step.
 */
import { defaults } from '../../app/defaults.js';
import { MemoryBroker } from '../../drivers/memory/index.js';
import type { PartitionOffset, TopicPartition } from '../../drivers/port.js';
import { isKafkaRxError } from '../../errors/errors.js';
import { partitionForKey } from '../../flow/sinks/partitioner.js';
import { AlikeFailures } from './alike-failures.js';
import { CommitWatch } from './commit-watch.js';
import { Disks } from './disks.js';
import { Disturbances, type Disturbed } from './disturbances.js';
import { DrainWatch } from './drain-watch.js';
import { FaultActions } from './fault-actions.js';
import { HealthWatch } from './health-watch.js';
import { heldCommits } from './held-commits.js';
import { Journal, told } from './journal.js';
import { Lasting } from './lasting.js';
import type { StoredOffset } from './offset-labels.js';
import { wireFaults } from './profile.js';
import { SimulatedProcess } from './simulated-process.js';
import type { SimulationOutcome, SimulationParts, SimulationView } from './simulation-parts.js';
import { StoreWatch } from './store-watch.js';
import { decidedRecords, openPartitions } from './transactions-of.js';
import { UnitWatch } from './unit-watch.js';
import { whyNotAtRest } from './why-not-at-rest.js';
import type { Place, WireFaults } from './wire.js';
import { Workload } from './workload.js';
import { type Actor, World } from './world.js';

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
  readonly #workload: Workload;
  readonly #commits: CommitWatch;
  /** All there is has been committed: whoever has just come may go back yet, to fill a store again, for as long as it takes to look up where to begin. */
  readonly #level = new Lasting(1_000);
  readonly #journal: Journal;
  readonly #health: HealthWatch;
  readonly #stores: StoreWatch;
  readonly #disks: Disks;
  #hasGoneBack = false;
  readonly #view: SimulationView;
  #wireFaults: WireFaults;
  #places = 0;
  #ids = 0;
  #healed = false;
  #restarts = 0;
  readonly #alike = new AlikeFailures();

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
    const violated = (invariant: string, message: string): void => this.#journal.violated(invariant, message);
    this.#disks = new Disks(violated);
    this.#workload = new Workload(parts.inputs, this.#broker, this.#world.clockOf(this.#outside), groupId);
    const internal = parts.internalTopics ?? [];
    this.#commits = new CommitWatch(groupId, this.#broker, this.#workload, this.#journal, internal);
    const disturbances = new Disturbances(this.#world);
    const disturbed = (what: Disturbed, forMs: number, who?: string): void =>
      disturbances.note(what, forMs, who);
    this.#stores = new StoreWatch(violated);
    const simulation = this;
    const host = {
      world: this.#world,
      outside: this.#outside,
      get faults() {
        return simulation.#wireFaults;
      },
      reached: (process: Actor, call: string, place: Place) => this.#reached(process, call, place),
      mark: (name: string) => this.#journal.mark(name),
      disturbed,
      drains: new DrainWatch(this.#world, disturbances, violated),
      stores: this.#stores,
      units: new UnitWatch(
        name => this.#journal.mark(name),
        parts.options.commit?.intervalMs ?? defaults.unit.intervalMs,
      ),
      broker: this.#broker,
      topology: parts.topology,
      groupId,
      options: parts.options,
      newId,
      disks: this.#disks,
      lmdbHost: parts.lmdbHost ?? (host => host),
      failsWrite: () => this.#failsWrite(),
      ...heldCommits({
        ...{ choices: parts.choices, profile: parts.profile, journal: this.#journal },
        ...{ cluster: this.#broker.cluster, disturbances, healed: () => this.#healed },
      }),
      topicId: (topic: string) => this.#workload.topicId(topic),
      isInput: (topicId: string) => this.#workload.isInput(topicId),
      committed: (process: string, offsets: readonly StoredOffset[], isLate: boolean) =>
        this.#storedOffsets(process, offsets, isLate),
      goesBack: (incarnation: string, to: PartitionOffset | undefined) => {
        this.#hasGoneBack = true;
        this.#commits.goesBack(incarnation, to);
      },
      beginsAtCommit: (incarnation: string, partition: TopicPartition) =>
        this.#commits.beginsAtCommit(incarnation, partition),
      hasNone: (incarnation: string) => this.#commits.hasNone(incarnation),
      reads: parts.reads,
      ended: (process: SimulatedProcess, error: unknown) => this.#ended(process, error),
    };
    this.#processes = Array.from(
      { length: parts.processes },
      (_, i) => new SimulatedProcess(`p${i + 1}`, host),
    );
    this.#faults = new FaultActions({
      world: this.#world,
      outside: this.#outside,
      ...{ broker: this.#broker, groupId, profile: parts.profile, processes: this.#processes },
      inputs: this.#workload.topics,
      coPartitioned: parts.options.coPartitioned ?? [],
      passing: (parts.laterTopics ?? []).map(({ topic }) => topic),
      mostCrashes: parts.mostCrashes ?? Number.POSITIVE_INFINITY,
      mark: name => this.#journal.mark(name),
      disturbed,
      topicsChanged: () => this.#workload.topicsChanged(),
      losingDisks: () => this.#loseDisks(),
      recreating: topic => this.#workload.recreating(topic),
      deleting: (at, from, to) => this.#workload.deleting(at, from, to),
    });
    this.#health = new HealthWatch({
      world: this.#world,
      broker: this.#broker,
      groupId,
      processes: this.#processes,
      topics: this.#readTopics,
      disturbances,
      journal: this.#journal,
    });
    this.#view = {
      broker: this.#broker,
      groupId,
      get timeMs() {
        return simulation.#world.timeMs;
      },
      processes: this.#processes,
      records: topic => (this.#broker.cluster.partitionCount(topic) === 0 ? [] : this.#broker.records(topic)),
      decided: topic => decidedRecords(this.#broker, topic),
      written: this.#workload.written,
      disk: name => this.#disks.storeAt(name),
      durable: name => this.#disks.durable(name),
      mark: name => this.#journal.mark(name),
      isYoung: one => this.#workload.isYoung(one),
      get disksLost() {
        return simulation.#disks.timesLost;
      },
      get hasGoneBack() {
        return simulation.#hasGoneBack;
      },
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
      this.#workload.begin(this.#parts.laterTopics ?? []);
      for (const one of this.#processes) one.start();

      await this.#world.run({
        done: () =>
          this.#journal.violation !== undefined ||
          this.#alike.areMany ||
          (this.#workload.isThrough && this.#commits.isLevel()),
        before: () => this.#faults.maybe(),
        after: () => this.#health.look(),
        untilMs: faultsMs,
        maxSteps,
      });
      this.#heal();
      const ended = await this.#world.run({
        done: () => this.#journal.violation !== undefined || this.#atRest(),
        after: () => this.#health.look(),
        untilMs: this.#world.timeMs + restMs,
        maxSteps: maxSteps * 4,
      });
      if (ended !== 'done')
        this.#journal.violated(
          'everything comes to rest',
          whyNotAtRest(ended, this.#view, this.#readTopics, this.#parts.invariants),
        );
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

  get #readTopics(): readonly string[] {
    return [...this.#workload.topics, ...(this.#parts.internalTopics ?? [])];
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
    const { choices, profile } = this.#parts;
    if (this.#healed || !choices.happens('failed-writes', profile.rates['failed-writes'])) return undefined;
    this.#journal.mark('write failed');
    return new Error('the disk is full');
  }

  #storedOffsets(process: string, offsets: readonly StoredOffset[], isLate: boolean): void {
    this.#commits.stored(process, offsets);
    // A commit that was decided late may be of what lay on disks that are lost since; at rest they are filled again.
    if (isLate && this.#disks.timesLost > 0) return;
    const wrong = this.#parts.invariants.committed?.(this.#view, offsets);
    if (wrong !== undefined) this.#journal.violated('at a commit', wrong);
  }

  #ended(process: SimulatedProcess, error: unknown): void {
    if (error === undefined && process.isTerminating) {
      this.#journal.mark('an app ended: stopped');
      this.#faults.restart(process);
      return;
    }
    if (this.#parts.isExpected?.(error) !== true) this.#restarts++;
    const code = isKafkaRxError(error) ? error.code : undefined;
    this.#alike.note(code, told(error));
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
    const isLevel =
      this.#workload.isThrough &&
      this.#commits.isLevel() &&
      this.#processes.every(({ app }) => app?.health().state === 'running') &&
      this.#hasNoDead() &&
      openPartitions(this.#broker).length === 0 &&
      this.#parts.invariants.awaited?.(this.#view) === undefined;
    return this.#level.hasLasted(isLevel, this.#world.timeMs);
  }

  /** What a dead member has comes to another when its session ends, who looks then where to begin. */
  #hasNoDead(): boolean {
    const living = this.#processes.reduce((sum, { members }) => sum + members, 0);
    return this.#broker.members(groupId).length === living;
  }

  #loseDisks(): void {
    for (const place of this.#disks.lose()) this.#stores.lost(place);
  }

  /** Lets everything go, so that nothing of this run is left in the next. */
  async #close(): Promise<void> {
    for (const one of this.#processes) if (one.state !== 'down') one.crash();
    await this.#world.run({ done: () => false, untilMs: this.#world.timeMs, maxSteps: 1000 });
    await this.#disks.close();
  }
}

const groupId = 'simulated';
