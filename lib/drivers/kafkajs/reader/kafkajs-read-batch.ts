import type { ReadBatch } from '../../port.js';
import { KafkajsBatch } from '../consumer/kafkajs-batch.js';
import type { RecordSet } from '../protocol/record-batch-reader.js';

/** A batch that was fetched outside of a group. */
export class KafkajsReadBatch extends KafkajsBatch implements ReadBatch {
  readonly startOffset: number;

  constructor(
    at: Pick<ReadBatch, 'topic' | 'partition' | 'topicId'>,
    set: RecordSet,
    { startOffset, endOffset }: Pick<ReadBatch, 'startOffset' | 'endOffset'>,
  ) {
    super({ ...at, epoch: 0 }, set, endOffset); // epochs are a member's
    this.startOffset = startOffset;
  }
}
