import { trueCopy } from '../../base/true-bytes.js';
import type { Header } from '../../record/headers.js';
import { PartitionBatch } from '../partition-batch.js';
import type { SourceRecord } from '../port.js';
import type { ReadPartition } from '../read-partition.js';
import type { LogRecord } from './log-record.js';
import type { LogSlice } from './partition-log.js';

/** A slice of the log as the port's batch; each record is made when it is asked for. */
export class LogBatch extends PartitionBatch {
  readonly #readCommitted: boolean;
  readonly #from: number;
  readonly #to: number;
  readonly #records: readonly LogRecord[];
  #at: number;

  constructor(of: ReadPartition, slice: LogSlice, readCommitted: boolean) {
    super(of, slice);
    this.#readCommitted = readCommitted;
    this.#records = slice.records;
    this.#from = slice.from;
    this.#at = slice.from;
    this.#to = slice.to;
  }

  next(): SourceRecord | undefined {
    while (this.#at < this.#to) {
      const record = this.#records[this.#at++];
      if (record === undefined || !record.isVisible(this.#readCommitted)) continue;
      return handedOut(record);
    }
    return undefined;
  }

  reread(offset: number): SourceRecord | undefined {
    const record = this.#records.slice(this.#from, this.#to).find(one => one.offset === offset);
    return record?.isVisible(this.#readCommitted) ? handedOut(record) : undefined;
  }
}

/** A copy, as what comes over a network is: who writes into its bytes changes neither the log nor what others read. */
function handedOut({ offset, timestamp, key, value, headers }: LogRecord): SourceRecord {
  return {
    offset,
    timestamp,
    key: key && trueCopy(key),
    value: value && trueCopy(value),
    headers: headers.length === 0 ? headers : headers.map(copyOf),
  };
}

function copyOf({ key, value }: Header): Header {
  return { key, value: value && trueCopy(value) };
}
