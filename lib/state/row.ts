/** A row as bytes: the timestamp (8 bytes, big-endian), then the value. */
import { Buffer } from 'node:buffer';

const timestampBytes = 8;
const high = 0x1_00_00_00_00;

/** @param timestamp a safe integer, milliseconds since 1970 */
export function rowOf(value: Buffer, timestamp: number): Buffer {
  const row = Buffer.allocUnsafe(timestampBytes + value.length);
  row.writeInt32BE(Math.floor(timestamp / high), 0);
  row.writeUInt32BE(timestamp - Math.floor(timestamp / high) * high, 4);
  row.set(value, timestampBytes);
  return row;
}

export function timestampOf(row: Buffer): number {
  return row.readInt32BE(0) * high + row.readUInt32BE(4);
}

/** A view of the row's bytes. */
export function valueIn(row: Buffer): Buffer {
  return row.subarray(timestampBytes);
}

/** For who may keep it, or change it. */
export function copyOfValue(row: Buffer): Buffer {
  const value = Buffer.allocUnsafe(row.length - timestampBytes);
  row.copy(value, 0, timestampBytes);
  return value;
}
