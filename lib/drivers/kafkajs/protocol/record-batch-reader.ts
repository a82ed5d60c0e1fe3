/**
 * Reads what a fetch brought of one partition: record batches of magic 2, walked lazily.
 *
 * Our own and not kafkajs's decoder: that one makes an object of every record before the first is asked for, loses
 * the order of headers and mixes functions into those named `toString` or `constructor`
 * (src/protocol/recordBatch/record/v0/decoder.js), forgets where a compacted batch ends, and lets records of an
 * aborted transaction through where two of them are open at the fetch position
 * (src/consumer/filterAbortedMessages.js takes at most one from the list for each record).
 */
import { type Coordinates, KafkaRxError } from '../../../errors/errors.js';
import { type Header, noHeaders } from '../../../record/headers.js';
import type { SourceRecord } from '../../port.js';
import { ByteReader } from './byte-reader.js';
import { crc32c } from './crc32c.js';

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
}

const headerBytes = 61;
const magicAt = 16;
const checksumAt = 17;
/** Where the part that the checksum covers begins. */
const checkedFrom = 21;
const codecMask = 0x07;
const appendTimeMask = 0x08;
const transactionalMask = 0x10;
const controlMask = 0x20;

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
  const abortions = new Abortions(aborted);
  let nextOffset = offset;
  let count = 0;
  let bytes = 0;
  for (let at = 0; at + headerBytes <= set.length; ) {
    const length = set.readInt32BE(at + 8);
    const begin = at;
    const end = at + 12 + length;
    if (end > set.length) break;
    refuseOldFormat(set.readInt8(at + magicAt), offset);
    const reader = new ByteReader(set, at, end);
    const baseOffset = reader.int64();
    reader.at = at + checkedFrom;
    const attributes = reader.int16();
    const lastOffset = baseOffset + reader.int32();
    const baseTimestamp = reader.int64();
    const maxTimestamp = reader.int64();
    const producerId = reader.id64();
    reader.skip(6);
    const inBatch = reader.int32();
    at = end;
    if (lastOffset < nextOffset) continue;
    const wanted = Math.max(baseOffset, nextOffset);

    const codec = attributes & codecMask;
    const raw = set.subarray(reader.at, end);
    if ((attributes & controlMask) !== 0) {
      nextOffset = lastOffset + 1;
      abortions.marker(producerId, lastOffset, raw);
      continue;
    }
    if ((attributes & transactionalMask) !== 0 && abortions.covers(producerId, lastOffset)) {
      nextOffset = lastOffset + 1;
      continue;
    }
    if (codec !== 0 && bytes >= enoughBytes) break;
    let plain = raw;
    try {
      const where = { topic, partition, offset: wanted };
      checkSum(set.subarray(begin, end), where);
      if (codec !== 0) plain = await decompress(codec, raw, where);
    } catch (error) {
      if (count > 0) break;
      throw error;
    }
    nextOffset = lastOffset + 1;
    const appendTime = (attributes & appendTimeMask) === 0 ? undefined : maxTimestamp;
    const run = from(offset, {
      bytes: plain,
      baseOffset,
      baseTimestamp,
      appendTime,
      count: inBatch,
      start: 0,
    });
    if (run.count === 0) continue;
    runs.push(run);
    count += run.count;
    bytes += plain.length;
  }
  return { runs, count, bytes, nextOffset };
}

/** Hands out the records of a set one by one. */
export class RecordCursor {
  readonly #runs: readonly RecordRun[];
  #run = -1;
  #current: RecordRun | undefined;
  #reader: ByteReader | undefined;
  #left = 0;

  constructor(set: RecordSet) {
    this.#runs = set.runs;
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

function refuseOldFormat(magic: number, offset: number): void {
  if (magic === 2) return;
  throw new KafkaRxError(
    'DRIVER',
    `A record batch at or after offset ${offset} has the old message format ${magic}`,
    {
      remedy: 'Rewrite the topic with a client of Kafka 0.11 or later; formats 0 and 1 are not read.',
    },
  );
}

/** As Java's consumer does by default: of damaged bytes records would come out that nobody wrote. */
function checkSum(batch: Buffer, at: Coordinates): void {
  if (crc32c(batch.subarray(checkedFrom)) === batch.readUInt32BE(checksumAt)) return;
  throw new KafkaRxError('DRIVER', 'A batch is damaged: its checksum is wrong', {
    at,
    remedy: 'Repair the topic, or move the offset of the group past it.',
  });
}
