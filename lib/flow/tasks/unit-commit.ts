import type { Clock } from '../../base/clock.js';
import { secondUnitOf, transactionalId } from '../../base/transactional-id.js';
import type { AssignedPartition, TopicPartition, UnitOfWork } from '../../drivers/port.js';
import type { KafkaRxError } from '../../errors/errors.js';
import type { CommitResult, CommitTarget, CommitUnderWay } from '../commit/commit-cycle.js';
import type { CommitLane, FailingTask, TaskCommit } from '../commit/task-commit.js';
import type { OutputChannel } from '../sinks/output-channel.js';
import type { Outputs } from '../sinks/outputs.js';
import type { Lanes } from '../source/lanes.js';
import type { Task } from '../source/partition-lane.js';
import { MissingOutputs } from './missing-outputs.js';
import { TaskUnit } from './task-unit.js';
import type { TaskUnitHost, UnitStates } from './task-unit-host.js';
import { type UnitBounds, UnitPace } from './unit-pace.js';
import type { UnitProducer } from './unit-producer.js';

export interface UnitCommitParts {
  readonly groupId: string;
  /** Whether outputs are part of the units; otherwise they have states alone, of tasks that have such. */
  readonly isOnce: boolean;
  readonly clock: Clock;
  readonly bounds: UnitBounds;
  readonly sessionTimeoutMs: number;
  /** Milliseconds that a record may take to be delivered. */
  readonly deliveryTimeoutMs: number;
  readonly lanes: Lanes;
  readonly outputs: Outputs;
  /** Neither failed nor stopped. */
  live(): boolean;
  fail(error: KafkaRxError): void;
}

/** What is there once the app runs. */
export interface UnitCommitRun {
  /** What a task keeps; undefined: nothing. */
  states?(task: string): UnitStates | undefined;
  /** @see TaskUnitHost.time */
  time?(task: Task): number | undefined;
  /** Opens the unit of a task, by its name. */
  open(task: string): Promise<UnitOfWork>;
  /** Notes offsets wherever they are to be noted first, and commits them with the unit. */
  through(unit: UnitOfWork): CommitTarget;
  quiet(task: Task): Promise<void>;
  goOn(task: Task): void;
  rewind(task: Task): void;
}

/**
 * A unit of work for each task, committed at its barriers: under exactly once of all tasks, with what they write; at least once of those that keep states or
 * write internal topics, with these alone.
 */
export class UnitCommit implements TaskCommit {
  readonly #parts: UnitCommitParts;
  readonly #report: (result: CommitResult) => void;
  /** By the names of their tasks: they outlive epochs. */
  readonly #units = new Map<string, TaskUnit>();
  /** By what each of them writes, as long as it is open. */
  readonly #writers = new Map<OutputChannel, { readonly task: string; readonly producer: UnitProducer }>();
  readonly #ending = new Set<Promise<void>>();
  readonly #missing: MissingOutputs;
  #run: UnitCommitRun | undefined;
  #closed = false;

  constructor(parts: UnitCommitParts, report: (result: CommitResult) => void) {
    this.#parts = parts;
    this.#report = report;
    this.#missing = new MissingOutputs(parts.clock, parts.deliveryTimeoutMs);
  }

  /** Before the first partition is assigned. */
  runs(run: UnitCommitRun): void {
    this.#run = run;
  }

  /** @see ConsumerOptions.ready */
  ready(partition: AssignedPartition): Promise<void> | undefined {
    const run = this.#run;
    const lane = this.#parts.lanes.at(partition);
    if (run === undefined || lane === undefined || this.#closed) return undefined;
    if (!this.#parts.isOnce && !lane.task.byUnits) return undefined;
    const unit = this.#unitOf(lane.task, run);
    return this.#missing.during(lane.task, unit.open(lane.task), () => unit.failedAt);
  }

  /** Something is committed by units here. */
  get any(): boolean {
    return this.#units.size > 0;
  }

  /** The task whose unit of work has the transaction that begins there; undefined: none of this member, as far as it was told. */
  writerAt(partition: TopicPartition, offset: number): string | undefined {
    for (const { task, producer } of this.#writers.values()) {
      if (producer.isFirstOf(partition, offset)) return task;
    }
    return undefined;
  }

  get underWay(): CommitUnderWay | undefined {
    let longest: CommitUnderWay | undefined;
    for (const { underWay } of this.#units.values()) {
      if (underWay !== undefined && (longest === undefined || underWay.since < longest.since))
        longest = underWay;
    }
    return longest;
  }

  get failing(): readonly FailingTask[] {
    return [...this.#units.values()].flatMap(({ failing }) => failing);
  }

  moved(lane: CommitLane): void {
    if (lane.dirty) return;
    lane.dirty = true;
    this.#units.get(lane.task.name)?.handedOut();
  }

  handedOut(lane: CommitLane): void {
    this.#units.get(lane.task.name)?.handedOut();
  }

  forget(lane: CommitLane): void {
    const unit = this.#units.get(lane.task.name);
    if (unit === undefined) return;
    const { task } = unit;
    this.#end(unit);
    // The epoch of one input is over and those of others go on, whose records were in the same unit: they come again. Not before it is
    // known whether all of them are.
    if (task !== undefined) this.#parts.clock.defer(() => this.#beginAnew(task));
  }

  #beginAnew(task: Task): void {
    const { live } = this.#parts;
    if (task.inputs.length > 0 && live() && !this.#closed) this.#run?.rewind(task);
  }

  /** A record of this partition has not settled for too long. @see TaskUnit.stalled */
  stalled(partition: TopicPartition, error: KafkaRxError): KafkaRxError | undefined {
    const lane = this.#parts.lanes.of(partition);
    const unit = lane && this.#units.get(lane.task.name);
    return unit === undefined ? error : unit.stalled(error);
  }

  async flush(): Promise<void> {
    await Promise.all([...this.#units.values()].map(task => task.flush()));
  }

  close(): void {
    this.#closed = true;
    for (const task of this.#units.values()) this.#end(task);
  }

  /** Resolves when what was ended is dropped. */
  async ended(): Promise<void> {
    await Promise.all(this.#ending);
  }

  #end(task: TaskUnit): void {
    const ended = task
      .end()
      .catch(() => {})
      .finally(() => this.#ending.delete(ended));
    this.#ending.add(ended);
  }

  #unitOf({ name }: Task, run: UnitCommitRun): TaskUnit {
    const known = this.#units.get(name);
    if (known !== undefined) return known;
    const { groupId, isOnce, clock, bounds, sessionTimeoutMs, lanes, outputs, live, fail } = this.#parts;
    const host: TaskUnitHost = {
      clock,
      sessionTimeoutMs,
      transactionalId: transactionalId(groupId, name),
      isOnce,
      states: run.states?.(name),
      time: task => run.time?.(task),
      get live() {
        return live();
      },
      open: which => run.open(which === 0 ? name : secondUnitOf(name)),
      openChannel: async producer => {
        const channel = await outputs.openChannel(producer);
        this.#writers.set(channel, { task: name, producer });
        return channel;
      },
      closeChannel: channel => {
        this.#writers.delete(channel);
        return outputs.closeChannel(channel);
      },
      through: unit => run.through(unit),
      quiet: task => run.quiet(task),
      goOn: task => {
        for (const input of task.inputs) input.dirty = false;
        run.goOn(task);
      },
      rewind: task => run.rewind(task),
      told: result => this.#report(result),
      fail,
    };
    const unit = new TaskUnit(host, new UnitPace(bounds, () => lanes.tasks));
    this.#units.set(name, unit);
    return unit;
  }
}
