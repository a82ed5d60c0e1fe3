import { Buffer } from 'node:buffer';
import type { KafkaRxError } from '../../../errors/errors.js';
import type { OutputListener } from '../../port.js';
import {
  type OutgoingRecord,
  payloadBytes,
  RecordBatchBuilder,
  recordBytes,
} from '../protocol/record-batch-builder.js';

/** Neighbours that were appended in one turn through one output. */
export interface Run {
  readonly listener: OutputListener;
  /** When they were appended, monotonic milliseconds. */
  readonly since: number;
  count: number;
}

/** Records that are sent together, or one that never is. */
export interface QueueEntry {
  /** Undefined for a record that is refused when its turn comes. */
  readonly batch: RecordBatchBuilder | undefined;
  readonly refusal: KafkaRxError | undefined;
  readonly runs: Run[];
  /** Of records. */
  count: number;
  bytes: number;
}

/** Adds a record to the entry's runs. */
export function countIn(entry: QueueEntry, listener: OutputListener, since: number): void {
  const run = entry.runs[entry.runs.length - 1];
  if (run !== undefined && run.listener === listener && run.since === since) run.count++;
  else entry.runs.push({ listener, since, count: 1 });
  entry.count++;
}

/** The entry as two, of which the first has `count` records; undefined where it has no batch. */
export function splitEntry(
  { batch, runs, bytes }: QueueEntry,
  count: number,
): readonly [QueueEntry, QueueEntry] | undefined {
  if (batch === undefined) return undefined;
  const owners = runs.flatMap(run => Array<Run>(run.count).fill(run));
  const records = batch.records().map((record, i) => ({ record, owner: owners[i] }));
  return [entryOf(records.slice(0, count), bytes), entryOf(records.slice(count), bytes)];
}

function entryOf(
  records: readonly { readonly record: OutgoingRecord; readonly owner: Run | undefined }[],
  atMostBytes: number,
): QueueEntry {
  const batch = new RecordBatchBuilder(Buffer.allocUnsafeSlow(atMostBytes));
  const entry: QueueEntry = { batch, refusal: undefined, runs: [], count: 0, bytes: 0 };
  for (const { record, owner } of records) {
    const { key, value, headers, timestamp } = record;
    const bound = recordBytes(payloadBytes(key, value, headers), headers.length);
    batch.append(key, value, headers, timestamp, bound);
    if (owner !== undefined) countIn(entry, owner.listener, owner.since);
  }
  entry.bytes = batch.size;
  return entry;
}
