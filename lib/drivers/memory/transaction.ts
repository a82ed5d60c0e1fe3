import type { LogRecord, TransactionState } from './log-record.js';
import type { PartitionLog } from './partition-log.js';

/** Records in several partitions that become visible together, or never, to readers of committed records. */
export class Transaction implements TransactionState {
  state: TransactionState['state'] = 'open';
  readonly #logs = new Set<PartitionLog>();

  /** Returns the offset of the first record. */
  append(log: PartitionLog, records: readonly LogRecord[]): number {
    this.#logs.add(log);
    return log.append(records, this);
  }

  /** Decides, and writes a control record to each partition that the transaction touched. */
  end(outcome: 'committed' | 'aborted', timestamp: number): void {
    if (this.state !== 'open') return;
    this.state = outcome;
    for (const log of this.#logs) log.endTransaction(this, timestamp);
  }
}
