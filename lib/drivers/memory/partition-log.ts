/**
 * One partition: records in offset order, with gaps where compaction or control records took them.
 *
 * Readers hold slices of the record array instead of copies. Appending leaves a slice valid, since it only adds
 * behind it; what removes records puts a new array in the old one's place.
 */
import { noHeaders } from '../../record/headers.js';
import type { EpochEnd, EpochStart } from '../lineage.js';
import type { StartFrom } from '../port.js';
import { LogRecord, type TransactionState } from './log-record.js';

/** What one fetch may bring; the first record always fits. */
export interface FetchLimits {
  readonly maxRecords: number;
  readonly maxBytes: number;
}

/** Records `from` to `to` (exclusive) of an array that is only ever appended to. */
export interface LogSlice {
  readonly records: readonly LogRecord[];
  readonly from: number;
  readonly to: number;
  /** Visible ones among them. */
  readonly count: number;
  readonly bytes: number;
  readonly nextOffset: number;
  readonly endOffset: number;
  /** Of which leaders what was read is. */
  readonly epochs: readonly EpochStart[];
}

export class PartitionLog {
  #records: LogRecord[] = [];
  #startOffset = 0;
  #endOffset = 0;
  /** Each truncation is by another leader, as far as readers can tell. */
  #epochs: EpochStart[] = [{ epoch: 0, offset: 0 }];
  /** The first offset of each open transaction. */
  readonly #open = new Map<TransactionState, number>();
  readonly #watchers = new Set<() => void>();

  /** The first offset kept. */
  get startOffset(): number {
    return this.#startOffset;
  }

  /** The offset of the next record. */
  get endOffset(): number {
    return this.#endOffset;
  }

  /** What a reader may read up to: the end, or the last stable offset for read_committed. */
  bound(readCommitted: boolean): number {
    if (!readCommitted || this.#open.size === 0) return this.#endOffset;
    return Math.min(...this.#open.values());
  }

  /** Calls `watcher` whenever there may be more to read; it must not read at once. Returns how to end that. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** Returns the offset of the first record. */
  append(records: readonly LogRecord[], transaction?: TransactionState): number {
    const base = this.#endOffset;
    if (transaction !== undefined && !this.#open.has(transaction)) this.#open.set(transaction, base);
    for (const record of records) {
      record.offset = this.#endOffset++;
      record.transaction = transaction;
      this.#records.push(record);
    }
    this.#changed();
    return base;
  }

  endTransaction(transaction: TransactionState, timestamp: number): void {
    this.#open.delete(transaction);
    this.append([new LogRecord(null, null, noHeaders, timestamp, true)]);
  }

  /** From `position` on; empty records with a `nextOffset` beyond it where everything was skipped. */
  read(position: number, readCommitted: boolean, { maxRecords, maxBytes }: FetchLimits): LogSlice {
    const records = this.#records;
    const bound = this.bound(readCommitted);
    const from = this.#indexOf(position);
    let to = from;
    let count = 0;
    let bytes = 0;
    let nextOffset = bound;
    for (; to < records.length; to++) {
      const record = records[to];
      if (record === undefined || record.offset >= bound) break;
      if (!record.isVisible(readCommitted)) continue;
      if (count > 0 && (count >= maxRecords || bytes + record.bytes > maxBytes)) {
        nextOffset = record.offset;
        break;
      }
      count++;
      bytes += record.bytes;
    }
    const epochs = this.#epochsOf(position, nextOffset);
    return { records, from, to, count, bytes, nextOffset, endOffset: bound, epochs };
  }

  /**
   * As Kafka answers a reader whose last record before `position` is of this epoch: up to where at most both have the same records;
   * undefined where the log goes on from there.
   */
  divergence(epoch: number, position: number): EpochEnd | undefined {
    const at = this.#epochs.findLastIndex(start => start.epoch <= epoch);
    const found = this.#epochs[at];
    if (found === undefined) return undefined;
    const endOffset = this.#epochs[at + 1]?.offset ?? this.#endOffset;
    return found.epoch < epoch || endOffset < position ? { epoch: found.epoch, endOffset } : undefined;
  }

  /** All that a reader of committed records sees. */
  *visible(): Generator<LogRecord> {
    const bound = this.bound(true);
    for (const record of this.decided()) {
      if (record.offset >= bound) return;
      yield record;
    }
  }

  /** The same with what such readers will get once all that is open before it has ended. */
  *decided(): Generator<LogRecord> {
    for (const record of this.#records) if (record.isVisible(true)) yield record;
  }

  /** The offset at which a reader without a position begins. */
  offsetAt(at: StartFrom): number {
    if (at === 'earliest') return this.#startOffset;
    if (at === 'latest') return this.#endOffset;
    const found = this.#records.find(record => !record.control && record.timestamp >= at.timestamp);
    return found?.offset ?? this.#endOffset;
  }

  /** Removes the records from `from` to `to` (exclusive), as compaction does: offsets and end stay. */
  removeRange(from: number, to: number): void {
    this.#records = this.#records.filter(record => record.offset < from || record.offset >= to);
  }

  /** Removes everything from `offset` on, as a leader does that never had it: what is appended next has these offsets. */
  truncate(offset: number): void {
    if (offset >= this.#endOffset) return;
    this.#records = this.#records.slice(0, this.#indexOf(offset));
    this.#endOffset = offset;
    this.#startOffset = Math.min(this.#startOffset, offset);
    for (const [transaction, first] of this.#open) if (first >= offset) this.#open.delete(transaction);
    const epoch = (this.#epochs.at(-1)?.epoch ?? 0) + 1;
    this.#epochs = [...this.#epochs.filter(start => start.offset < offset), { epoch, offset }];
    this.#changed();
  }

  /** Removes everything below `offset`, as retention does: the log start moves. */
  removeBefore(offset: number): void {
    this.#startOffset = Math.max(this.#startOffset, Math.min(offset, this.#endOffset));
    this.#records = this.#records.slice(this.#indexOf(this.#startOffset));
    this.#changed();
  }

  /** The index of the first record at or after `offset`. */
  #indexOf(offset: number): number {
    let low = 0;
    let high = this.#records.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#records[middle]?.offset ?? Number.POSITIVE_INFINITY) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #epochsOf(from: number, to: number): readonly EpochStart[] {
    const first = this.#epochs.findLastIndex(({ offset }) => offset <= from);
    return this.#epochs.slice(Math.max(0, first)).filter(({ offset }) => offset < to);
  }

  #changed(): void {
    for (const watcher of this.#watchers) watcher();
  }
}
