import type { FetchedBatch, SourceRecord } from './port.js';
import type { ReadPartition } from './read-partition.js';

/** What is told of a batch as a whole. */
export type BatchExtent = Pick<FetchedBatch, 'bytes' | 'count' | 'nextOffset' | 'endOffset'>;

/** A batch of one partition, without its records: what those of all drivers have in common. */
export abstract class PartitionBatch implements FetchedBatch {
  readonly topic: string;
  readonly partition: number;
  readonly epoch: number;
  readonly topicId: string;
  readonly bytes: number;
  readonly count: number;
  readonly nextOffset: number;
  readonly endOffset: number;

  constructor({ topic, partition, epoch, topicId }: ReadPartition, extent: BatchExtent) {
    this.topic = topic;
    this.partition = partition;
    this.epoch = epoch;
    this.topicId = topicId;
    this.bytes = extent.bytes;
    this.count = extent.count;
    this.nextOffset = extent.nextOffset;
    this.endOffset = extent.endOffset;
  }

  abstract next(): SourceRecord | undefined;
  abstract reread(offset: number): SourceRecord | undefined;
}
