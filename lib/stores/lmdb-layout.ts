/**
 * The bytes of an LMDB store: format 3.
 *
 * ```
 * documents    document                            -> kind (1 byte: 1 codec bytes follow, 0 the codec gave null)
 *                                                     time (float64) generation (u32)
 *                                                     filings-length (u32) filings  codec bytes
 * by-time      time document                       -> nothing
 * by-index     generation filing time document     -> nothing
 * bundles        bundle                                -> records that are still its own (float64), and for each partition that it
 *                                                     has records of: origin-number (u32) partition (u32) first offset (u64)
 * runs         origin-number (u32) partition (u32) sink-number (u32) last offset (u64) ordinal steps (u32 each)
 *                                                  -> first offset (u64) bundle
 * names        number (u32)                        -> 'o' origin, 's' sink or 'i' index, as a JSON string (a lone surrogate survives)
 * meta         'format' -> u32, 'id' -> the store's own id
 *              'count', 'removed' (documents ever filed, and removed again), 'incarnation' -> float64
 *              'position' origin-number (u32) partition (u32) -> float64
 *              'below' origin-number (u32) partition (u32) -> begins at, in place of (float64 each), until that is noted
 *              'succeeds' id -> nothing: a lost store that this one stands for
 *              'index' index-number (u32) -> nothing: every document of the store is filed by that index
 *
 * document     origin-number (u32) partition (u32) offset (u64) sink-number (u32) ordinal steps (u32 each)  20 to 276 bytes
 * bundle         the first 28 bytes of its documents: their ordinals begin with two steps of its own
 * time         float64, its sign turned so that the order of the bytes is the order of the numbers  8 bytes
 * filing       index-number (u32) term                                                         6 to 774 bytes
 * term         length (u16) UTF-8, or 0xffff SHA-256                                           2 to 770 bytes
 * generation   number of documents filed before this one, divided by 8,192 (u32)
 * ```
 * All numbers are big-endian, so that LMDB's byte order is theirs. The longest key is 1,062 bytes, below LMDB's limit of
 * 1,978.
 *
 * Generations keep writes together: terms come in any order, and filed by term alone each document of a batch
 * would change a page of its own somewhere in the whole index (22 KB written a document, in batches of 1,000 at 200,000
 * documents); so they change pages of the newest generation, which is small. A reader merges the generations.
 */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { ordinalSteps } from './document-source.js';
import type { DocumentSource } from './port.js';

export const format = 3;
export const timeBytes = 8;
export const generationBytes = 4;
/** Documents of one generation: about 130 pages of index; 123 generations to look into at a million documents. */
export const documentsOfGeneration = 8_192;
const longestTerm = 2 + 768;
/** What stands before the time in a key of `by-index`, at most. */
export const longestFiled = generationBytes + 4 + longestTerm;
const ordinalAt = 20;
/** What documents made of the same records have in common. */
export const bundleKeyBytes = ordinalAt + 8;
export const longestDocumentKey = ordinalAt + 64 * 4;
export const longestKey = longestFiled + timeBytes + longestDocumentKey;

const hashed = 0xff_ff;
const longestPlainTerm = 256;
const loneSurrogate = /\p{Surrogate}/u;
const generationAt = 1 + timeBytes;
const filingsAt = generationAt + generationBytes;
const headerBytes = filingsAt + 4;

/** The numbers that stand for a source's names. */
export interface SourceNumbers {
  readonly origin: number;
  readonly sink: number;
}

/** Each of these writes at `at` and returns the position after what it wrote. */
export function writeDocumentKey(
  target: Buffer,
  at: number,
  { origin, sink }: SourceNumbers,
  source: Omit<DocumentSource, 'origin' | 'sink'>,
): number {
  let end = target.writeUInt32BE(sink, writePlace(target, at, origin, source.partition, source.offset));
  for (const step of ordinalSteps(source.ordinal)) end = target.writeUInt32BE(step, end);
  return end;
}

/** Where the documents of one record begin. */
export function writePlace(
  target: Buffer,
  at: number,
  origin: number,
  partition: number,
  offset: number,
): number {
  target.writeUInt32BE(origin, at);
  target.writeUInt32BE(partition, at + 4);
  target.writeUInt32BE(Math.floor(offset / 0x1_00_00_00_00), at + 8);
  return target.writeUInt32BE(offset % 0x1_00_00_00_00, at + 12);
}

/** The numbers that {@link writePlace} wrote at the beginning of a document's key. */
export function readPlace(key: Buffer): { origin: number; partition: number; offset: number } {
  const offset = key.readUInt32BE(8) * 0x1_00_00_00_00 + key.readUInt32BE(12);
  return { origin: key.readUInt32BE(0), partition: key.readUInt32BE(4), offset };
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
 * No term's bytes are the beginning of another's: the length stands before them. What is long, or has no UTF-8
 * form of its own (all lone surrogates would become the same replacement character), is filed under its hash.
 */
export function writeFiling(target: Buffer, at: number, index: number, term: string): number {
  const lengthAt = target.writeUInt32BE(index, at);
  const start = lengthAt + 2;
  if (term.length <= longestPlainTerm && !loneSurrogate.test(term)) {
    const length = target.write(term, start);
    target.writeUInt16BE(length, lengthAt);
    return start + length;
  }
  target.writeUInt16BE(hashed, lengthAt);
  return start + createHash('sha256').update(term, 'utf16le').digest().copy(target, start);
}

/** The filings that stand one behind the other in `bytes`; views, not copies. */
export function* eachFiling(bytes: Buffer): Generator<Buffer, void, undefined> {
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt16BE(at + 4);
    const end = at + 6 + (length === hashed ? 32 : length);
    yield bytes.subarray(at, end);
    at = end;
  }
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
  /** One behind the other; empty for none. */
  readonly filings: Buffer;
}

export function writeDocument(target: Buffer, header: DocumentHeader, value: Buffer | null): number {
  target.writeUInt8(value === null ? 0 : 1, 0);
  target.writeDoubleBE(header.time + 0, 1);
  target.writeUInt32BE(header.generation, generationAt);
  target.writeUInt32BE(header.filings.length, filingsAt);
  const start = headerBytes + header.filings.copy(target, headerBytes);
  return start + (value === null ? 0 : value.copy(target, start));
}

/** The room that {@link writeDocument} needs. */
export function documentBytes({ filings }: DocumentHeader, value: Buffer | null): number {
  return headerBytes + filings.length + (value === null ? 0 : value.length);
}

/** Views into `bytes`, not copies. */
export function readDocument(bytes: Buffer): DocumentHeader & { readonly value: Buffer | null } {
  const end = headerBytes + bytes.readUInt32BE(filingsAt);
  return {
    time: bytes.readDoubleBE(1),
    generation: bytes.readUInt32BE(generationAt),
    filings: bytes.subarray(headerBytes, end),
    value: bytes.readUInt8(0) === 0 ? null : bytes.subarray(end),
  };
}

/** The source that a document's key names; `nameOf` turns its numbers back. */
export function readDocumentKey(key: Buffer, nameOf: (number: number) => string): DocumentSource {
  let ordinal = '';
  for (let at = ordinalAt; at < key.length; at += 4) ordinal += `.${key.readUInt32BE(at)}`;
  const { origin, partition, offset } = readPlace(key);
  return { origin: nameOf(origin), partition, offset, ordinal, sink: nameOf(key.readUInt32BE(16)) };
}
