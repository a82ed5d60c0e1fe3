import { PartitionBatch } from '../../partition-batch.js';
import type { SourceRecord } from '../../port.js';
import type { ReadPartition } from '../../read-partition.js';
import { RecordCursor, type RecordSet } from '../protocol/record-batch-reader.js';

/** A fetched batch, decoded record by record as they are asked for. */
export class KafkajsBatch extends PartitionBatch {
  readonly #set: RecordSet;
  readonly #cursor: RecordCursor;
  #again: RecordCursor | undefined;
  #rereadUpTo = 0;

  constructor(at: ReadPartition, set: RecordSet, endOffset: number) {
    super(at, { bytes: set.bytes, count: set.count, nextOffset: set.nextOffset, endOffset });
    this.#set = set;
    this.#cursor = new RecordCursor(set.runs);
  }

  next(): SourceRecord | undefined {
    return this.#cursor.next();
  }

  reread(offset: number): SourceRecord | undefined {
    if (this.#again === undefined || offset < this.#rereadUpTo)
      this.#again = new RecordCursor(this.#set.runs);
    for (let record = this.#again.next(); record !== undefined; record = this.#again.next()) {
      this.#rereadUpTo = record.offset + 1;
      if (record.offset === offset) return record;
      if (record.offset > offset) return undefined;
    }
    return undefined;
  }
}
