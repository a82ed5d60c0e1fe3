import type { AssignedPartition, TopicPartition } from '../../drivers/port.js';
import type { KafkaRxError } from '../../errors/errors.js';
import type { CommitUnderWay } from './commit-cycle.js';
import type { Watermark } from './watermark.js';

/** A partition during one epoch, as whoever commits it sees it. */
export interface CommitLane extends AssignedPartition {
  /** What of it is settled. */
  readonly watermark: Pick<Watermark, 'offset'>;
  /** What it is committed with. */
  readonly task: { readonly name: string; readonly byUnits?: boolean };
  /** The epoch is over: nothing of it is committed any more. */
  readonly ended: boolean;
  /** Its watermark moved since a commit last took it; changed by its {@link TaskCommit} alone. */
  dirty: boolean;
}

/** A task whose units of work do not pass. */
export interface FailingTask extends TopicPartition {
  /** Units that failed one after the other. */
  readonly failures: number;
  /** Of the last one. */
  readonly error: KafkaRxError;
  /** Somebody else has opened its unit, and the group has not said so yet. */
  readonly isTaken: boolean;
}

/**
 * How what has settled of some partitions is made the group's: the strategy of a task.
 *
 * Lanes settle what is theirs by themselves and say only that their watermark moved; the strategy pulls what it wants to
 * know when it commits. So a settled record costs it a look at a flag.
 */
export interface TaskCommit {
  /** What is being committed now. */
  readonly underWay: CommitUnderWay | undefined;
  /** Tasks that repeat what they do, since they are not committed; undefined: what fails is tried again with the next commit. */
  readonly failing?: readonly FailingTask[] | undefined;
  /** The lane's watermark moved: said each time, by what settled as by a gap in the log, and never of an epoch that is over. */
  moved(lane: CommitLane): void;
  /** Records of it were handed out, in one turn. */
  handedOut(lane: CommitLane): void;
  /** The lane's epoch is over, which `ended` says already: nothing of it is committed any more, nor tried again. */
  forget(lane: CommitLane): void;
  /** Commits everything that may be, now. Resolves when it was confirmed or all tries have failed; never rejects. */
  flush(): Promise<void>;
  /** Cancels all timers; what waits is not committed, and what has failed is not tried again. */
  close(): void;
}
