import type { AssignedPartition, TopicPartition } from '../../drivers/port.js';

/** Hears what a process hears of the partitions that it reads, when it does. */
export interface ReadWatch {
  /** Epochs of these have begun. */
  begun(process: string, partitions: readonly AssignedPartition[]): void;
  /** This one begins below the offset, which is committed, to fill a store again: the others of its task wait until it has come there. */
  fills(process: string, partition: TopicPartition, upTo: number): void;
  /** It has these fetched no more, and so does not hear of them. */
  paused(process: string, partitions: readonly TopicPartition[]): void;
  /** An answer has said that nothing more is there. @param end of the log when it was given, as readers of committed records see it */
  caughtUp(process: string, partition: AssignedPartition, position: number, end: number): void;
}
