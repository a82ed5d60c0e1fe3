import type { AssignedPartition } from './port.js';

/** A partition of which it is known whose log an epoch reads. */
export interface ReadPartition extends AssignedPartition {
  /** @see FetchedBatch.topicId */
  readonly topicId: string;
}
