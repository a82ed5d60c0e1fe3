import { Buffer } from 'node:buffer';
import { trueLength } from '../../../base/true-bytes.js';
import type { Header, Headers } from '../../../record/headers.js';
import { crc32c } from './crc32c.js';
import type { ProducerIdentity } from './init-producer-id.js';
import { putInt64 } from './int64.js';
import { RecordCursor } from './record-batch-reader.js';
import { putVarint, varintSize, zigzag } from './varint.js';

/** A record on its way out; its key and value are bytes already. */
export interface OutgoingRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly Header[];
  /** Milliseconds since 1970; -1 for none. */
  readonly timestamp: number;
}

/** Compresses the records of a batch; `id` is Kafka's number of the codec. */
export interface BatchCompression {
  readonly id: number;
  compress(records: Buffer): Promise<Buffer>;
}

/** What the brokers tell by that they have the batch already. */
export interface BatchSequence {
  readonly producer: ProducerIdentity;
  /** Of its first record among all of this producer in the partition; the one after 2^31 - 1 is 0. */
  readonly sequence: number;
}

/** Bytes of a batch before its first record. */
export const batchHeaderBytes = 61;
/** Where the part that the checksum covers begins: at the attributes. */
const checkedFrom = 21;
const checksumAt = 17;
const lengthAt = 8;
/** Attribute: the records count once their transaction is committed. */
const transactionalBit = 0x10;
const notNumbered: BatchSequence = { producer: { id: -1n, epoch: -1 }, sequence: -1 };
/** Copied byte by byte: for a few bytes a call costs more than they do. */
const fewBytes = 24;
/** Timestamps of one batch lie closer than this, which their deltas, doubled and with a sign, can tell exactly. */
const timestampSpan = 2 ** 51;

/** Bytes of key, value and headers: what the limit of a record is about. */
export function payloadBytes(key: Buffer | null, value: Buffer | null, headers: Headers): number {
  let size = (key === null ? 0 : key.length) + (value === null ? 0 : value.length);
  for (const header of headers) size += Buffer.byteLength(header.key) + (header.value?.length ?? 0);
  return size;
}

/** An upper bound of what a record of such a payload takes in a batch. */
export function recordBytes(payload: number, headers: number): number {
  // Length, attributes, timestamp and offset deltas, key and value lengths and the header count at their largest.
  return 36 + payload + 10 * headers;
}

/**
 * A record batch of magic 2, written as its records come, so that nothing of them is kept but their bytes in the
 * batch. Offsets are the broker's to fill in.
 */
export class RecordBatchBuilder {
  #buf: Buffer;
  #at = batchHeaderBytes;
  #count = 0;
  #base = -1;
  #latest = -1;
  #sealed: Promise<Buffer> | undefined;
  #sequence: BatchSequence | undefined;

  /** @param space written to from its beginning on, and replaced by a larger one when it is full */
  constructor(space: Buffer) {
    this.#buf = space;
  }

  get count(): number {
    return this.#count;
  }

  /** Bytes of the batch as it is, its header included, uncompressed. */
  get size(): number {
    return this.#at;
  }

  /** No record can be added any more: its bytes are made, or its numbers given. */
  get isSealed(): boolean {
    return this.#sealed !== undefined || this.#sequence !== undefined;
  }

  /** What it was written to: for the next batch, once nothing reads this one any more. */
  get space(): Buffer {
    return this.#buf;
  }

  /** Whether a record of this time can stand in the batch. */
  takes(timestamp: number): boolean {
    return this.#count === 0 || Math.abs(timestamp - this.#base) < timestampSpan;
  }

  /**
   * @param bound at least as many bytes as the record takes, from {@link recordBytes}
   * @throws where the record's parts differ from one reading to the next, or what reads them throws: the batch is then as
   *   it was, since nothing of a record counts before all of it is written
   */
  append(
    key: Buffer | null,
    value: Buffer | null,
    headers: readonly Header[],
    timestamp: number,
    bound: number,
  ): void {
    const base = this.#count === 0 ? timestamp : this.#base;
    const timestampDelta = zigzag(timestamp - base);
    const offsetDelta = zigzag(this.#count);
    const keyLength = lengthOf(key);
    const valueLength = lengthOf(value);
    let size = 1 + varintSize(timestampDelta) + varintSize(offsetDelta);
    size += fieldSize(keyLength) + fieldSize(valueLength);
    size += varintSize(zigzag(headers.length));
    for (const header of headers) {
      const length = Buffer.byteLength(header.key);
      size += varintSize(zigzag(length)) + length + fieldSize(lengthOf(header.value));
    }
    if (this.#at + bound > this.#buf.length) this.#grow(bound);
    const buf = this.#buf;
    let at = putVarint(buf, this.#at, zigzag(size));
    const end = at + size;
    buf[at++] = 0; // attributes: none are defined
    at = putVarint(buf, at, timestampDelta);
    at = putVarint(buf, at, offsetDelta);
    at = putField(buf, at, key, keyLength);
    at = putField(buf, at, value, valueLength);
    at = putVarint(buf, at, zigzag(headers.length));
    for (const header of headers) {
      const length = Buffer.byteLength(header.key);
      at = putVarint(buf, at, zigzag(length));
      at += buf.write(header.key, at, length, 'utf8');
      at = putField(buf, at, header.value, lengthOf(header.value));
    }
    if (at !== end || end > buf.length) throw new RangeError('a record that changed while it was written');
    this.#at = at;
    this.#count++;
    this.#base = base;
    if (timestamp > this.#latest) this.#latest = timestamp;
  }

  get sequence(): BatchSequence | undefined {
    return this.#sequence;
  }

  /** Gives the batch its sequence, before the first time or anew: then it is another batch to the brokers. */
  number(sequence: BatchSequence | undefined): void {
    this.#sequence = sequence;
    this.#sealed = undefined;
  }

  /** The batch as it is sent, the same bytes every time. At least one record. */
  seal(compression: BatchCompression | undefined): Promise<Buffer> {
    this.#sealed ??= this.#seal(compression).catch(error => {
      // What was too much for the compression now may not be the next time.
      this.#sealed = undefined;
      throw error;
    });
    return this.#sealed;
  }

  /** The records once more; their bytes are shared with the batch. */
  records(): readonly OutgoingRecord[] {
    const bytes = this.#buf.subarray(batchHeaderBytes, this.#at);
    const run = {
      ...{ bytes, baseOffset: 0, baseTimestamp: this.#base, appendTime: undefined },
      ...{ count: this.#count, start: 0 },
    };
    const cursor = new RecordCursor([run]);
    const records: OutgoingRecord[] = [];
    for (let record = cursor.next(); record !== undefined; record = cursor.next()) records.push(record);
    return records;
  }

  async #seal(compression: BatchCompression | undefined): Promise<Buffer> {
    let batch = this.#buf.subarray(0, this.#at);
    if (compression !== undefined) {
      const records = await compression.compress(batch.subarray(batchHeaderBytes));
      batch = Buffer.concat([Buffer.alloc(batchHeaderBytes), records]);
    }
    putInt64(batch, 0, 0); // base offset
    batch.writeInt32BE(batch.length - lengthAt - 4, lengthAt);
    batch.writeInt32BE(-1, 12); // leader epoch, the broker's
    batch.writeInt8(2, 16); // magic
    batch.writeInt32BE(this.#count - 1, 23);
    putInt64(batch, this.#base, 27);
    putInt64(batch, this.#latest, 35);
    const { producer, sequence } = this.#sequence ?? notNumbered;
    const transactional = producer.transactional === true ? transactionalBit : 0;
    batch.writeInt16BE((compression?.id ?? 0) | transactional, checkedFrom);
    batch.writeBigInt64BE(producer.id, 43);
    batch.writeInt16BE(producer.epoch, 51);
    batch.writeInt32BE(sequence, 53);
    batch.writeInt32BE(this.#count, 57);
    batch.writeUInt32BE(crc32c(batch.subarray(checkedFrom)), checksumAt);
    return batch;
  }

  #grow(bound: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#at + bound, this.#buf.length * 2));
    this.#buf.copy(larger, 0, 0, this.#at);
    this.#buf = larger;
  }
}

/** As many as there are: what they say may be another number the next time. -1 for null, as it is written. */
function lengthOf(bytes: Buffer | null): number {
  return bytes === null ? -1 : trueLength(bytes);
}

function fieldSize(length: number): number {
  return length < 0 ? 1 : varintSize(length * 2) + length;
}

function putField(buf: Buffer, from: number, bytes: Buffer | null, length: number): number {
  if (bytes === null) return putVarint(buf, from, zigzag(-1));
  const at = putVarint(buf, from, length * 2);
  // The index is within the array.
  if (length <= fewBytes) for (let i = 0; i < length; i++) buf[at + i] = bytes[i] as number;
  else buf.set(bytes, at);
  return at + length;
}
