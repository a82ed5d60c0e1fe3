/**
 * Record batches, magic 2, as they go into a Produce request
 * (https://kafka.apache.org/documentation/#recordbatch).
 *
 * Our own and not kafkajs's encoder, since that one throws on a null header value, sorts timestamps as text, takes
 * timestamp 0 for "now" and keeps headers in an object, which loses their order (src/protocol/recordBatch/record/v0
 * and src/protocol/requests/produce/v3/request.js).
 */
import type { Headers } from '../../../headers.js';
import { ByteWriter, varintSize } from './byte-writer.js';
import { crc32c } from './crc32c.js';

/** A record on its way out. */
export interface OutgoingRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Headers;
  readonly timestamp: number;
}

/** Compresses the records of a batch; `id` is Kafka's number of the codec. */
export interface BatchCompression {
  readonly id: number;
  compress(records: Buffer): Promise<Buffer>;
}

/** Bytes of a batch before its first record. */
const batchHeaderBytes = 61;
/** Where the part that the checksum covers begins: at the attributes. */
const checkedFrom = 21;
const checksumAt = 17;
const lengthAt = 8;

/** Bytes of key, value and headers: what the limit of a record is about. */
export function payloadBytes(key: Buffer | null, value: Buffer | null, headers: Headers): number {
  let size = (key?.length ?? 0) + (value?.length ?? 0);
  for (const header of headers) size += Buffer.byteLength(header.key) + (header.value?.length ?? 0);
  return size;
}

/** An upper bound of what a record of such a payload takes in a batch; what batches are filled up by. */
export function recordBytes(payload: number, headers: number): number {
  // Length, attributes, timestamp and offset deltas, key and value lengths and the header count at their largest.
  return 36 + payload + 10 * headers;
}

/** One batch of these records; at least one. Offsets are the broker's to fill in. */
export async function encodeRecordBatch(
  records: readonly OutgoingRecord[],
  compression: BatchCompression | undefined,
): Promise<Buffer> {
  let base = records[0]?.timestamp ?? -1;
  let latest = base;
  let capacity = batchHeaderBytes;
  for (const record of records) {
    if (record.timestamp < base) base = record.timestamp;
    if (record.timestamp > latest) latest = record.timestamp;
    const { key, value, headers } = record;
    capacity += recordBytes(payloadBytes(key, value, headers), headers.length);
  }
  const batch = new ByteWriter(capacity);
  batch
    .int64(0) // base offset
    .int32(0) // length, below
    .int32(-1) // leader epoch, the broker's
    .int8(2) // magic
    .uint32(0) // checksum, below
    .int16(compression?.id ?? 0)
    .int32(records.length - 1)
    .int64(base)
    .int64(latest)
    .int64(-1) // producer id: not idempotent
    .int16(-1)
    .int32(-1)
    .int32(records.length);

  if (compression === undefined) {
    writeRecords(batch, records, base);
  } else {
    const plain = new ByteWriter(capacity);
    writeRecords(plain, records, base);
    batch.bytes(await compression.compress(plain.buffer));
  }
  const bytes = batch.buffer;
  bytes.writeInt32BE(bytes.length - lengthAt - 4, lengthAt);
  bytes.writeUInt32BE(crc32c(bytes.subarray(checkedFrom)), checksumAt);
  return bytes;
}

function writeRecords(to: ByteWriter, records: readonly OutgoingRecord[], base: number): void {
  let offsetDelta = 0;
  for (const record of records) writeRecord(to, record, offsetDelta++, record.timestamp - base);
}

function writeRecord(
  to: ByteWriter,
  record: OutgoingRecord,
  offsetDelta: number,
  timestampDelta: number,
): void {
  const { key, value, headers } = record;
  let size =
    1 +
    varintSize(timestampDelta) +
    varintSize(offsetDelta) +
    fieldSize(key) +
    fieldSize(value) +
    varintSize(headers.length);
  for (const header of headers) {
    const length = Buffer.byteLength(header.key);
    size += varintSize(length) + length + fieldSize(header.value);
  }
  to.varint(size).int8(0).varint(timestampDelta).varint(offsetDelta);
  writeField(to, key);
  writeField(to, value);
  to.varint(headers.length);
  for (const header of headers) {
    const length = Buffer.byteLength(header.key);
    to.varint(length).text(header.key, length);
    writeField(to, header.value);
  }
}

function fieldSize(bytes: Buffer | null): number {
  return bytes === null ? 1 : varintSize(bytes.length) + bytes.length;
}

function writeField(to: ByteWriter, bytes: Buffer | null): void {
  if (bytes === null) to.varint(-1);
  else to.varint(bytes.length).bytes(bytes);
}
