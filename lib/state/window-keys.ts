/**
 * How Kafka Streams writes keys of windows, so that its serdes and its changelogs' readers read ours (WindowKeySchema and SessionKeySchema of
 * Kafka 4): the key, then times of 8 bytes, big-endian. Nothing says where the key ends: what stands behind it has a fixed length.
 */
import { Buffer } from 'node:buffer';

/** Of a time window in a topic: key, start. */
export function timeWindowKey(key: Uint8Array, start: number): Buffer {
  return withTimes(key, [start], 0);
}

/** Of a window in a store and its changelog: key, start, sequence (4 bytes): 0 but where one key has several rows in a window. */
export function windowStoreKey(key: Uint8Array, start: number, sequence = 0): Buffer {
  const bytes = withTimes(key, [start], 4);
  bytes.writeInt32BE(sequence, bytes.length - 4);
  return bytes;
}

/** Of a session, in topics, stores and changelogs alike: key, end, start. */
export function sessionKey(key: Uint8Array, start: number, end: number): Buffer {
  return withTimes(key, [end, start], 0);
}

/** Key and start of what {@link timeWindowKey} wrote; undefined for what it cannot have written. The key is a view of the bytes. */
export function readTimeWindowKey(bytes: Buffer): TimeWindowKey | undefined {
  const start = timeAt(bytes, 8);
  return start === undefined ? undefined : { key: bytes.subarray(0, -8), start };
}

/** The same of {@link windowStoreKey}. */
export function readWindowStoreKey(bytes: Buffer): WindowStoreKey | undefined {
  const start = timeAt(bytes, 12);
  if (start === undefined) return undefined;
  return { key: bytes.subarray(0, -12), start, sequence: bytes.readInt32BE(bytes.length - 4) };
}

/** The same of {@link sessionKey}. */
export function readSessionKey(bytes: Buffer): SessionKey | undefined {
  const end = timeAt(bytes, 16);
  const start = timeAt(bytes, 8);
  if (start === undefined || end === undefined || start > end) return undefined;
  return { key: bytes.subarray(0, -16), start, end };
}

export interface TimeWindowKey {
  readonly key: Buffer;
  readonly start: number;
}

export interface WindowStoreKey extends TimeWindowKey {
  readonly sequence: number;
}

export interface SessionKey extends TimeWindowKey {
  readonly end: number;
}

function withTimes(key: Uint8Array, times: readonly number[], behind: number): Buffer {
  const bytes = Buffer.allocUnsafe(key.length + 8 * times.length + behind);
  bytes.set(key);
  let at = key.length;
  for (const time of times) at = writeTime(bytes, time, at);
  return bytes;
}

/** In two halves: a bigint would be made for each. @param time a safe integer, of at least 0 */
function writeTime(bytes: Buffer, time: number, at: number): number {
  bytes.writeUInt32BE(Math.floor(time / 2 ** 32), at);
  return bytes.writeUInt32BE(time % 2 ** 32, at + 4);
}

/** So many bytes before the end; undefined where there are not so many, and for what is below 0 or beyond 2^53. */
function timeAt(bytes: Buffer, before: number): number | undefined {
  const at = bytes.length - before;
  if (at < 0) return undefined;
  const time = bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
  return Number.isSafeInteger(time) ? time : undefined;
}
