import type { Clock } from '../../base/clock.js';
import type { OffsetCommit, UnitOfWork } from '../../drivers/port.js';
import type { KafkaRxError } from '../../errors/errors.js';
import type { StatesOfTask } from '../../state/states-of-task.js';
import type { CommitResult, CommitTarget } from '../commit/commit-cycle.js';
import type { OutputChannel } from '../sinks/output-channel.js';
import type { Task } from '../source/partition-lane.js';
import type { UnitProducer } from './unit-producer.js';

/** What a task keeps in states, as its units see it. */
export interface UnitStates {
  readonly tables: StatesOfTask;
  /** The unit has changed so much that it is to be committed. */
  readonly isFull: boolean;
  /**
   * What is to be waited for before a unit is sealed: undefined, nothing; what was committed before takes more memory than there is for it, until it is
   * put where it lies. Rejects where it could not be, and is tried again by who asks next.
   */
  pressure(): Promise<void> | undefined;
  /** Once the unit is opened, and nobody else writes: what was committed is there again when it resolves. */
  restore(task: Task): Promise<void>;
  /** The first unit of an epoch begins: operators go on with what the last one has left. */
  begins(task: Task): void;
  /** All of a unit has settled: what that has changed is written with it. */
  seal(unit: UnitProducer, offsets: readonly OffsetCommit[]): SealedStates;
  /** The epoch is over: what was not committed is dropped. */
  abort(): void;
}

/** What one unit has changed. */
export interface SealedStates {
  /** With what says which cut they are of. */
  readonly offsets: readonly OffsetCommit[];
  committed(): void;
}

/** What the unit of a task asks of its app. */
export interface TaskUnitHost {
  readonly clock: Clock;
  /** What its task writes becomes durable with it; otherwise only what is internal, and states. */
  readonly isOnce: boolean;
  /** Undefined: the task has no states. */
  readonly states: UnitStates | undefined;
  /** How far the task is by its records' timestamps, where others go by that; undefined: nobody does, or nothing is known. */
  time(task: Task): number | undefined;
  /** Neither failed nor stopped. */
  readonly live: boolean;
  /** Milliseconds after which the group has told of an owner that it has gone on without. */
  readonly sessionTimeoutMs: number;
  /** By which the brokers know it. */
  readonly transactionalId: string;
  /** Opens one of the task's two units anew, and so fences whoever had it. */
  open(which: 0 | 1): Promise<UnitOfWork>;
  openChannel(producer: UnitProducer): Promise<OutputChannel>;
  closeChannel(channel: OutputChannel): Promise<void>;
  /** Notes offsets wherever they are to be noted first, and commits them with the unit. */
  through(unit: UnitOfWork): CommitTarget;
  /** Resolves when nothing of it is pending but what a failure holds; who gathers records of it lets them go. */
  quiet(task: Task): Promise<void>;
  /** It may hand out again. */
  goOn(task: Task): void;
  /** Begins all of its inputs anew, in other epochs, at what is committed. */
  rewind(task: Task): void;
  told(result: CommitResult): void;
  fail(error: KafkaRxError): void;
}
