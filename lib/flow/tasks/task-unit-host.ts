import type { Clock } from '../../base/clock.js';
import type { UnitOfWork } from '../../drivers/port.js';
import type { KafkaRxError } from '../../errors/errors.js';
import type { CommitResult, CommitTarget } from '../commit/commit-cycle.js';
import type { OutputChannel } from '../sinks/output-channel.js';
import type { Task } from '../source/partition-lane.js';
import type { UnitProducer } from './unit-producer.js';

/** What the unit of a task asks of its app. */
export interface TaskUnitHost {
  readonly clock: Clock;
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
