import type { AssignedPartition, FetchedBatch, SourceRecord } from '../port.js';
import { RecordCursor, type RecordSet } from './protocol/record-batch-reader.js';

/** A fetched batch, decoded record by record as they are asked for. */
export class KafkajsBatch implements FetchedBatch {
  readonly topic: string;
  readonly partition: number;
  readonly epoch: number;
  readonly bytes: number;
  readonly count: number;
  readonly nextOffset: number;
  readonly endOffset: number;
  readonly #cursor: RecordCursor;

  constructor({ topic, partition, epoch }: AssignedPartition, set: RecordSet, endOffset: number) {
    this.topic = topic;
    this.partition = partition;
    this.epoch = epoch;
    this.bytes = set.bytes;
    this.count = set.count;
    this.nextOffset = set.nextOffset;
    this.endOffset = endOffset;
    this.#cursor = new RecordCursor(set);
  }

  next(): SourceRecord | undefined {
    return this.#cursor.next();
  }
}
