/**
 * Reads what a fetch brought of one partition: record batches of magic 2, walked lazily.
 *
 * Our own and not kafkajs's decoder: that one makes an object of every record before the first is asked for, loses
 * the order of headers and mixes functions into those named `toString` or `constructor`
 * (src/protocol/recordBatch/record/v0/decoder.js), forgets where a compacted batch ends, and lets records of an
 * aborted transaction through where two of them are open at the fetch position
 * (src/consumer/filterAbortedMessages.js takes at most one from the list for each record).
 */
import type { Coordinates } from '../../../errors/errors.js';
import { type Header, noHeaders } from '../../../record/headers.js';
import type { EpochStart } from '../../lineage.js';
import type { SourceRecord } from '../../port.js';
import { ByteReader } from './byte-reader.js';
import { type BatchHeader, damagedBatch, endOfBatch, readBatchHeader } from './record-batch-header.js';

/** A transaction that was aborted: batches of this producer from the offset on, up to its abort marker. */
export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: number;
}

/** What is done about compressed batches. */
export interface Decompression {
  /** Gives the bytes of a batch's records; `codec` is Kafka's number of it, `at` the first record that is wanted. */
  readonly decompress: (codec: number, bytes: Buffer, at: Coordinates) => Promise<Buffer>;
  /** Bytes of records above which what follows is left for the next fetch: small batches can hold much. */
  readonly enoughBytes: number;
}

/** The records of one batch that are to be handed out. */
interface RecordRun {
  readonly bytes: Buffer;
  readonly baseOffset: number;
  readonly baseTimestamp: number;
  /** The broker's time where the topic keeps that, which then holds for every record of the batch. */
  readonly appendTime: number | undefined;
  readonly count: number;
  /** Where the first record to hand out begins. */
  readonly start: number;
}

/** What the record set of one partition holds, from an offset on. */
export interface RecordSet {
  readonly runs: readonly RecordRun[];
  readonly count: number;
  readonly bytes: number;
  /** The offset after the last complete batch, or the one asked for where there is none. */
  readonly nextOffset: number;
  /** Of which leaders the batches are, those that are passed over included. */
  readonly epochs: readonly EpochStart[];
}

/**
 * Finds the batches and what of them is to be handed out from an offset on: no control records, and nothing of the
 * aborted transactions. A batch that the response cut off is left for the next fetch, and so is one that cannot be read
 * and what follows it, if there is something before it: that is handed out, and the error comes with the next fetch.
 */
export async function readRecordSet(
  set: Buffer,
  { topic, partition, offset }: Coordinates,
  aborted: readonly AbortedTransaction[],
  { decompress, enoughBytes }: Decompression,
): Promise<RecordSet> {
  const runs: RecordRun[] = [];
  const epochs: EpochStart[] = [];
  const abortions = new Abortions(aborted);
  let nextOffset = offset;
  let count = 0;
  let bytes = 0;
  let at = 0;
  for (let end = endOfBatch(set, at); end <= set.length; end = endOfBatch(set, at)) {
    let batch: BatchHeader;
    let plain: Buffer | undefined;
    try {
      // First of all, and also of what is passed over: a single bit of it decides whether it is.
      const place = { set, begin: at, end, leads: nextOffset === offset };
      batch = readBatchHeader(place, { topic, partition, offset: nextOffset });
      if (batch.isControl) abortions.marker(batch.producerId, batch.lastOffset, batch.records);
      else if (
        batch.lastOffset >= nextOffset &&
        !(batch.isTransactional && abortions.covers(batch.producerId, batch.lastOffset))
      ) {
        if (batch.codec !== 0 && bytes >= enoughBytes) break;
        const where = { topic, partition, offset: Math.max(batch.baseOffset, nextOffset) };
        plain = batch.codec === 0 ? batch.records : await decompress(batch.codec, batch.records, where);
      }
    } catch (error) {
      if (nextOffset > offset) break;
      throw error;
    }
    at = end;
    const { leaderEpoch: epoch } = batch;
    if (epoch !== epochs.at(-1)?.epoch) epochs.push({ epoch, offset: batch.baseOffset });
    nextOffset = Math.max(nextOffset, batch.lastOffset + 1);
    if (plain === undefined) continue;
    const { baseOffset, baseTimestamp, appendTime } = batch;
    const whole = { bytes: plain, baseOffset, baseTimestamp, appendTime, count: batch.count, start: 0 };
    const run = from(offset, whole);
    if (run.count === 0) continue;
    runs.push(run);
    count += run.count;
    bytes += plain.length;
  }
  // Kafka gives a partition one whole batch at least, or nothing (KIP-74): less than one would be asked for for ever.
  if (nextOffset === offset && set.length > 0)
    throw damagedBatch('the answer holds none that is whole', { topic, partition, offset });
  return { runs, count, bytes, nextOffset, epochs };
}

/** Hands out the records of a set one by one. */
export class RecordCursor {
  readonly #runs: readonly RecordRun[];
  #run = -1;
  #current: RecordRun | undefined;
  #reader: ByteReader | undefined;
  #left = 0;

  constructor(runs: RecordSet['runs']) {
    this.#runs = runs;
  }

  next(): SourceRecord | undefined {
    while (this.#left === 0) {
      this.#current = this.#runs[++this.#run];
      if (this.#current === undefined) {
        this.#reader = undefined;
        this.#run = this.#runs.length;
        return undefined;
      }
      this.#left = this.#current.count;
      this.#reader = new ByteReader(this.#current.bytes, this.#current.start);
    }
    this.#left--;
    // Set together with `left`, which was above 0.
    return readRecord(this.#reader as ByteReader, this.#current as RecordRun);
  }
}

function readRecord(reader: ByteReader, run: RecordRun): SourceRecord {
  const end = reader.varint() + reader.at;
  reader.skip(1);
  const timestamp = run.appendTime ?? run.baseTimestamp + reader.varint();
  if (run.appendTime !== undefined) reader.varint();
  const offset = run.baseOffset + reader.varint();
  const key = reader.bytes(reader.varint());
  const value = reader.bytes(reader.varint());
  const headerCount = reader.varint();
  let headers: readonly Header[] = noHeaders;
  if (headerCount > 0) {
    const list: Header[] = [];
    for (let i = 0; i < headerCount; i++) {
      const name = reader.text(reader.varint());
      list.push({ key: name, value: reader.bytes(reader.varint()) });
    }
    headers = list;
  }
  reader.at = end;
  return { offset, timestamp, key, value, headers };
}

/** Drops the records before `offset`: a fetch in the middle of a batch brings the whole of it. */
function from(offset: number, run: RecordRun): RecordRun {
  if (run.baseOffset >= offset) return run;
  const reader = new ByteReader(run.bytes);
  for (let skipped = 0; skipped < run.count; skipped++) {
    const start = reader.at;
    const end = reader.varint() + reader.at;
    reader.skip(1);
    reader.varint();
    if (run.baseOffset + reader.varint() >= offset) return { ...run, count: run.count - skipped, start };
    reader.at = end;
  }
  return { ...run, count: 0 };
}

/** Which producers are inside an aborted transaction, as Java's `CompletedFetch` keeps it. */
class Abortions {
  readonly #coming: AbortedTransaction[];
  readonly #open = new Set<bigint>();

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#coming = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset);
  }

  covers(producerId: bigint, lastOffset: number): boolean {
    this.#openUpTo(lastOffset);
    return this.#open.has(producerId);
  }

  /** The key of a control record is its version and its type, of which 0 is "abort". */
  marker(producerId: bigint, lastOffset: number, records: Buffer): void {
    this.#openUpTo(lastOffset);
    if (!this.#open.has(producerId)) return;
    const reader = new ByteReader(records);
    reader.varint();
    reader.skip(1);
    reader.varint();
    reader.varint();
    const key = reader.bytes(reader.varint());
    if (key !== null && key.length >= 4 && key.readInt16BE(2) === 0) this.#open.delete(producerId);
  }

  #openUpTo(lastOffset: number): void {
    for (
      let next = this.#coming[0];
      next !== undefined && next.firstOffset <= lastOffset;
      next = this.#coming[0]
    ) {
      this.#open.add(next.producerId);
      this.#coming.shift();
    }
  }
}
