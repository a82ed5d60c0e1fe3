import type { AssignedPartition, FetchedBatch, SourceRecord } from '../../port.js';
import { RecordCursor, type RecordSet } from '../protocol/record-batch-reader.js';

/** A fetched batch, decoded record by record as they are asked for. */
export class KafkajsBatch implements FetchedBatch {
  readonly topic: string;
  readonly partition: number;
  readonly epoch: number;
  readonly bytes: number;
  readonly count: number;
  readonly nextOffset: number;
  readonly endOffset: number;
  readonly #set: RecordSet;
  readonly #cursor: RecordCursor;
  #again: RecordCursor | undefined;
  #rereadUpTo = 0;

  constructor({ topic, partition, epoch }: AssignedPartition, set: RecordSet, endOffset: number) {
    this.topic = topic;
    this.partition = partition;
    this.epoch = epoch;
    this.bytes = set.bytes;
    this.count = set.count;
    this.nextOffset = set.nextOffset;
    this.endOffset = endOffset;
    this.#set = set;
    this.#cursor = new RecordCursor(set);
  }

  next(): SourceRecord | undefined {
    return this.#cursor.next();
  }

  reread(offset: number): SourceRecord | undefined {
    if (this.#again === undefined || offset < this.#rereadUpTo) this.#again = new RecordCursor(this.#set);
    for (let record = this.#again.next(); record !== undefined; record = this.#again.next()) {
      this.#rereadUpTo = record.offset + 1;
      if (record.offset === offset) return record;
      if (record.offset > offset) return undefined;
    }
    return undefined;
  }
}
