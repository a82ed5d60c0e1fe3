import { Buffer } from 'node:buffer';
import { showOnly } from '../../record/coordinates-only.js';
import type { Headers } from '../../record/headers.js';

/** What decides who sees the records of a transaction. */
export interface TransactionState {
  readonly state: 'open' | 'committed' | 'aborted';
}

/** A record in the embedded broker: made by `append`, given its offset by the log, never copied. */
export class LogRecord {
  /** -1 until the log has it. */
  offset = -1;
  transaction: TransactionState | undefined = undefined;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Headers;
  readonly timestamp: number;
  /** A transaction's commit or abort marker: takes an offset, is never handed out. */
  readonly control: boolean;
  /** Of key, value and headers. */
  readonly bytes: number;

  constructor(
    key: Buffer | null,
    value: Buffer | null,
    headers: Headers,
    timestamp: number,
    control: boolean = false,
  ) {
    this.key = key;
    this.value = value;
    this.headers = headers;
    this.timestamp = timestamp;
    this.control = control;
    this.bytes = (key?.length ?? 0) + (value?.length ?? 0) + (headers.length === 0 ? 0 : bytesOf(headers));
  }

  /** Whether a reader sees it, given that it lies below the reader's bound. */
  isVisible(readCommitted: boolean): boolean {
    if (this.control) return false;
    return !readCommitted || this.transaction === undefined || this.transaction.state === 'committed';
  }
}

showOnly(LogRecord, 'LogRecord', ({ offset, timestamp, bytes }) => ({ offset, timestamp, bytes }));

function bytesOf(headers: Headers): number {
  let bytes = 0;
  for (const { key, value } of headers) bytes += Buffer.byteLength(key) + (value?.length ?? 0);
  return bytes;
}
