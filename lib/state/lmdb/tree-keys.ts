/**
 * Keys as LMDB has them. It takes none that is empty or longer than 1,978 bytes; a record's may be either.
 *
 * In front of each stands a byte, so that none is empty. Of a long one the beginning and a digest are the key in the tree, and the key
 * itself stands in front of the row. So the order of the tree is that of the keys but among long keys with one beginning, which lie side
 * by side: whoever walks takes such a run whole and sorts it.
 */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { KeyRange } from '../state-table.js';
import type { StateRange } from './host.js';

const mark = 1;
/** Of a key that stands in the tree as it is, at most. */
const longestPlain = 1900;
const digestBytes = 32;
const longBytes = 1 + longestPlain + digestBytes;
const lengthBytes = 4;

export function isLong(key: string): boolean {
  return key.length > longestPlain;
}

/** Writes keys into one buffer, of which it gives parts: to make a part costs as much as to look it up in the tree. */
export class TreeKeys {
  readonly #bytes = Buffer.alloc(longBytes);
  readonly #parts: (Buffer | undefined)[] = [];

  /** Good until the next call. */
  of(key: string): Buffer {
    const bytes = this.#bytes;
    bytes[0] = mark;
    if (!isLong(key)) {
      bytes.write(key, 1, 'latin1');
      return this.#part(key.length + 1);
    }
    bytes.write(beginning(key), 1, 'latin1');
    createHash('sha256')
      .update(key, 'latin1')
      .digest()
      .copy(bytes, 1 + longestPlain);
    return this.#part(longBytes);
  }

  #part(length: number): Buffer {
    const known = this.#parts[length];
    if (known !== undefined) return known;
    const part = this.#bytes.subarray(0, length);
    this.#parts[length] = part;
    return part;
  }
}

/** What stands in the tree under a long key. */
export function longRow(key: string, row: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(lengthBytes + key.length + row.length);
  bytes.writeUInt32BE(key.length, 0);
  bytes.write(key, lengthBytes, 'latin1');
  row.copy(bytes, lengthBytes + key.length);
  return bytes;
}

/** The row in it. */
export function rowInLong(bytes: Buffer): Buffer {
  return bytes.subarray(lengthBytes + bytes.readUInt32BE(0));
}

export interface TreeEntry {
  readonly key: string;
  readonly row: Buffer;
  /** Of a long key: those of a run have the same. */
  readonly run: string | undefined;
}

export function entryOf({ key, value }: { readonly key: Buffer; readonly value: Buffer }): TreeEntry {
  if (key.length < longBytes) return { key: key.toString('latin1', 1), row: value, run: undefined };
  const end = lengthBytes + value.readUInt32BE(0);
  return {
    key: value.toString('latin1', lengthBytes, end),
    row: value.subarray(end),
    run: key.toString('latin1', 1, 1 + longestPlain),
  };
}

/** Where a range lies in the tree. Of long bounds whole runs lie in it, and what is equal to a bound may: {@link isWithin} tells. */
export function treeRange({ from, to, reverse = false }: KeyRange): StateRange {
  const first = from === undefined ? Buffer.of(mark) : bound(from, Buffer.alloc(0));
  const last = to === undefined ? Buffer.of(mark + 1) : bound(to, Buffer.alloc(digestBytes + 1, 0xff));
  return reverse ? { start: last, end: first, reverse, inclusiveEnd: true } : { start: first, end: last };
}

export function isWithin(key: string, { from, to }: KeyRange): boolean {
  return (from === undefined || key >= from) && (to === undefined || key < to);
}

/** @param behind what stands behind the beginning of a long one */
function bound(key: string, behind: Buffer): Buffer {
  const plain = Buffer.from(beginning(key), 'latin1');
  return Buffer.concat([Buffer.of(mark), plain, ...(isLong(key) ? [behind] : [])]);
}

function beginning(key: string): string {
  return isLong(key) ? key.slice(0, longestPlain) : key;
}
