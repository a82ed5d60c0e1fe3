/**
 * The bytes of an LMDB store: format 1.
 *
 * ```
 * documents    document                            -> kind (1 byte: 1 codec bytes follow, 0 the codec gave null)
 *                                                     time (float64) generation (u32)
 *                                                     customer-length (u16) customer  codec bytes
 * by-time      time document                       -> nothing
 * by-customer  generation customer time document   -> nothing
 * origins      number (u32)                        -> origin, as a JSON string (a lone surrogate survives)
 * meta         'format' -> u32, 'id' -> the store's own id
 *              'count', 'removed' (documents ever filed, and removed again), 'incarnation' -> float64
 *              'position' origin-number (u32) partition (u32) -> float64
 *
 * document     origin-number (u32) partition (u32) offset (u64) ordinal steps (u32 each)       16 to 272 bytes
 * time         float64, its sign turned so that the order of the bytes is the order of the numbers  8 bytes
 * customer     length (u16) UTF-8, or 0xffff SHA-256                                           2 to 770 bytes
 * generation   number of documents filed before this one, divided by 8,192 (u32)
 * ```
 * All numbers are big-endian, so that LMDB's byte order is theirs. One buffer `generation customer time document`
 * holds the three keys of a document as its tails. The longest is 1,054 bytes, below LMDB's limit of 1,978.
 *
 * Generations keep writes together: customers come in any order, and filed by customer alone each document of a batch
 * would change a page of its own somewhere in the whole index (22 KB written a document, in batches of 1,000 at 200,000
 * documents); so they change pages of the newest generation, which is small. A reader merges the generations.
 */
import { createHash } from 'node:crypto';
import { ordinalSteps } from './document-source.js';
import type { DocumentSource } from './port.js';

export const format = 1;
export const timeBytes = 8;
export const generationBytes = 4;
/** Documents of one generation: about 130 pages of index; 123 generations to look into at a million documents. */
export const documentsOfGeneration = 8_192;
export const longestKey = generationBytes + 2 + 768 + timeBytes + 16 + 64 * 4;

const hashed = 0xff_ff;
const longestPlainCustomer = 256;
const loneSurrogate = /\p{Surrogate}/u;
const generationAt = 1 + timeBytes;
const customerAt = generationAt + generationBytes;
const headerBytes = customerAt + 2;

/** Each of these writes at `at` and returns the position after what it wrote. */
export function writeDocumentKey(target: Buffer, at: number, origin: number, source: DocumentSource): number {
  target.writeUInt32BE(origin, at);
  target.writeUInt32BE(source.partition, at + 4);
  target.writeUInt32BE(Math.floor(source.offset / 0x1_00_00_00_00), at + 8);
  target.writeUInt32BE(source.offset % 0x1_00_00_00_00, at + 12);
  let end = at + 16;
  for (const step of ordinalSteps(source.ordinal)) end = target.writeUInt32BE(step, end);
  return end;
}

export function writeTime(target: Buffer, at: number, time: number): number {
  target.writeDoubleBE(time + 0, at); // + 0 makes -0 the same key as 0
  const first = target.readUInt8(at);
  if (first < 0x80) {
    target.writeUInt8(first + 0x80, at);
  } else {
    for (let i = at; i < at + timeBytes; i++) target.writeUInt8(0xff - target.readUInt8(i), i);
  }
  return at + timeBytes;
}

/**
 * No customer's bytes are the beginning of another's: the length stands before them. What is long, or has no UTF-8
 * form of its own (all lone surrogates would become the same replacement character), is filed under its hash.
 */
export function writeCustomer(target: Buffer, at: number, customer: string): number {
  const start = at + 2;
  if (customer.length <= longestPlainCustomer && !loneSurrogate.test(customer)) {
    const length = target.write(customer, start);
    target.writeUInt16BE(length, at);
    return start + length;
  }
  target.writeUInt16BE(hashed, at);
  return start + createHash('sha256').update(customer, 'utf16le').digest().copy(target, start);
}

/** The keys from `from` to below `to` that begin with `prefix`. */
export function keyRange(prefix: Buffer, from: number | undefined, to: number | undefined) {
  return { start: edge(prefix, from, 0x00), end: edge(prefix, to, 0xff) };
}

function edge(prefix: Buffer, time: number | undefined, open: number): Buffer {
  const key = Buffer.alloc(prefix.length + timeBytes, open);
  prefix.copy(key);
  if (time !== undefined) writeTime(key, prefix.length, time);
  return key;
}

/** What stands in front of the codec's bytes. */
export interface DocumentHeader {
  readonly time: number;
  readonly generation: number;
  /** The customer's key bytes; empty for none. */
  readonly customer: Buffer;
}

export function writeDocument(target: Buffer, header: DocumentHeader, value: Buffer | null): number {
  target.writeUInt8(value === null ? 0 : 1, 0);
  target.writeDoubleBE(header.time + 0, 1);
  target.writeUInt32BE(header.generation, generationAt);
  target.writeUInt16BE(header.customer.length, customerAt);
  const start = headerBytes + header.customer.copy(target, headerBytes);
  return start + (value === null ? 0 : value.copy(target, start));
}

/** The room that {@link writeDocument} needs. */
export function documentBytes({ customer }: DocumentHeader, value: Buffer | null): number {
  return headerBytes + customer.length + (value === null ? 0 : value.length);
}

/** Views into `bytes`, not copies. */
export function readDocument(bytes: Buffer): DocumentHeader & { readonly value: Buffer | null } {
  const end = headerBytes + bytes.readUInt16BE(customerAt);
  return {
    time: bytes.readDoubleBE(1),
    generation: bytes.readUInt32BE(generationAt),
    customer: bytes.subarray(headerBytes, end),
    value: bytes.readUInt8(0) === 0 ? null : bytes.subarray(end),
  };
}

/** The source that a document's key names; `originOf` turns its number back. */
export function readDocumentKey(key: Buffer, originOf: (number: number) => string): DocumentSource {
  let ordinal = '';
  for (let at = 16; at < key.length; at += 4) ordinal += `.${key.readUInt32BE(at)}`;
  return {
    origin: originOf(key.readUInt32BE(0)),
    partition: key.readUInt32BE(4),
    offset: key.readUInt32BE(8) * 0x1_00_00_00_00 + key.readUInt32BE(12),
    ordinal,
  };
}
