import { Buffer } from 'node:buffer';
import type { Codec } from '../codecs/codec.js';
import { UnmaskedField } from '../codecs/declared.js';
import { errorKind, isKafkaRxError, KafkaRxError } from '../errors/errors.js';
import { isInstance } from '../errors/is-instance.js';
import { checkSource, coordinates } from './document-source.js';
import { type Filing, filingsOf, type NamedIndex, timeOf } from './index-values.js';
import type { LmdbBundles } from './lmdb-bundles.js';
import {
  type DocumentHeader,
  documentBytes,
  documentsOfGeneration,
  eachFiling,
  generationBytes,
  longestFiled,
  longestKey,
  readDocument,
  timeBytes,
  writeDocument,
  writeDocumentKey,
  writeFiling,
  writeTime,
} from './lmdb-layout.js';
import type { Names } from './lmdb-names.js';
import { addRemoved, readFiled, type Table, type Tables, writeFiled } from './lmdb-tables.js';
import { underOwnId } from './own-ids.js';
import type { Document, StoreOptions, WriteGuard } from './port.js';

/** Documents with all that can fail on a value done: column by column, since there may be thousands. */
export interface Batch {
  readonly documents: readonly Document<unknown>[];
  readonly values: readonly (Buffer | null)[];
  readonly times: readonly number[];
  readonly filings: readonly (readonly Filing[])[];
}

/**
 * Encodes values and asks the selectors, before the transaction: none of the user's code runs inside it.
 *
 * @throws {KafkaRxError} `ENCODE` or `STORE`, with the document's coordinates
 */
export function prepareBatch<V>(
  documents: readonly Document<V>[],
  encode: Codec<V>['encode'],
  options: StoreOptions<V>,
  indexes: readonly NamedIndex<V>[],
  where: string,
  guard?: WriteGuard,
): Batch {
  const keyed: Document<V>[] = [];
  const values: (Buffer | null)[] = [];
  const times: number[] = [];
  const filings: (readonly Filing[])[] = [];
  for (const document of documents) {
    checkSource(document.source, where);
    keyed.push(underOwnId(document, options, where, guard));
    values.push(encoded(document, encode, where));
    times.push(timeOf(document, options, where, guard));
    filings.push(filingsOf(document, indexes, where, guard));
  }
  return { documents: keyed, values, times, filings };
}

function encoded<V>(
  { value, source }: Document<V>,
  encode: Codec<V>['encode'],
  where: string,
): Buffer | null {
  try {
    return encode(value);
  } catch (error) {
    if (isKafkaRxError(error) || isInstance(error, UnmaskedField)) throw error;
    throw new KafkaRxError('ENCODE', `The codec of ${where} threw ${errorKind(error)}`, {
      at: coordinates(source),
      cause: error,
      remedy: "Mend the codec's encode, which is called with each document's value",
    });
  }
}

const nothing = Buffer.alloc(0);

/**
 * Puts batches into the tables; owns the buffers in which keys and values are laid out, since LMDB copies at once.
 *
 * In `#keys` the key of a document stands behind its time at a fixed place; whatever an index has in front of these two is
 * written to end there.
 */
export class LmdbWriter {
  readonly #tables: Tables;
  readonly #names: Names;
  readonly #bundles: LmdbBundles;
  readonly #keys = new Views(Buffer.alloc(longestKey));
  #filings = new Views(Buffer.alloc(8 * longestFiled));
  #values = new Views(Buffer.alloc(4096));

  constructor(tables: Tables, names: Names, bundles: LmdbBundles) {
    this.#tables = tables;
    this.#names = names;
    this.#bundles = bundles;
  }

  /** Inside a write transaction: all of it, or a throw that must abort the transaction. */
  put({ documents, values, times, filings }: Batch): void {
    const key = this.#keys.buffer;
    const before = readFiled(this.#tables);
    let count = before;
    for (const [i, { source, members }] of documents.entries()) {
      if (members !== undefined) {
        for (const bundle of this.#bundles.claim(source, members)) this.remove(this.#bundles.drop(bundle));
      }
      // The columns are as long as `documents`.
      const time = times[i] ?? 0;
      const numbers = {
        origin: this.#names.intern('o', source.origin),
        sink: this.#names.intern('s', source.sink ?? ''),
      };
      const end = writeDocumentKey(key, writeTime(key, timeAt, time), numbers, source);
      const generation = Math.floor(count / documentsOfGeneration);
      const header = { time, generation, filings: this.#layOutFilings(filings[i] ?? []) };
      if (this.#file(header, end, values[i] ?? null)) count++;
    }
    if (count > before) writeFiled(this.#tables, count);
  }

  /** Inside a write transaction. @param keys of documents that are there */
  remove(keys: readonly Buffer[]): void {
    const { documents } = this.#tables;
    for (const key of keys) {
      const found = documents.get(key);
      if (found !== undefined) this.#unfile(readDocument(found), key);
      documents.remove(key);
    }
    if (keys.length > 0) addRemoved(this.#tables, keys.length);
  }

  /** Inside a write transaction: removes those that may go with a reset. @param from where it begins in each partition */
  removeBundles(
    keys: readonly Buffer[],
    from: (origin: number, partition: number) => number | undefined,
  ): void {
    const going = keys.filter(key => this.#bundles.mayGo(key, from));
    this.remove(going);
    for (const key of going) this.#bundles.forget(key);
  }

  /** `#keys` holds `time document`. @returns whether the document is new */
  #file(header: DocumentHeader, end: number, value: Buffer | null): boolean {
    const { documents, byTime, byIndex } = this.#tables;
    const document = this.#keys.view(timeAt + timeBytes, end);
    const isNew = putNew(documents, document, this.#layOut(header, value));
    if (!isNew && !this.#replace(document, header, value)) return false;
    byTime.put(this.#keys.view(timeAt, end), nothing);
    for (const filing of eachFiling(header.filings)) {
      byIndex.put(this.#keys.view(writeInFront(this.#keys.buffer, header.generation, filing), end), nothing);
    }
    return isNew;
  }

  /** @returns whether the document must be filed anew, since its time or a term changed */
  #replace(document: Buffer, header: DocumentHeader, value: Buffer | null): boolean {
    const { documents } = this.#tables;
    const found = documents.get(document);
    const old = found === undefined ? undefined : readDocument(found);
    if (old?.time === header.time && old.filings.equals(header.filings)) {
      // Where it is filed it stays, and so does the generation that says where.
      documents.put(document, this.#layOut(old, value));
      return false;
    }
    if (old !== undefined) this.#unfile(old, document);
    documents.put(document, this.#layOut(header, value));
    return true;
  }

  /** A rewrite may change time or terms: what the old ones pointed at must go. */
  #unfile({ time, generation, filings }: DocumentHeader, document: Buffer): void {
    const key = Buffer.alloc(longestKey);
    const end = writeTime(key, timeAt, time) + document.copy(key, timeAt + timeBytes);
    this.#tables.byTime.remove(key.subarray(timeAt, end));
    for (const filing of eachFiling(filings)) {
      this.#tables.byIndex.remove(key.subarray(writeInFront(key, generation, filing), end));
    }
  }

  #layOutFilings(filings: readonly Filing[]): Buffer {
    if (filings.length === 0) return nothing;
    const room = filings.length * longestFiled;
    if (room > this.#filings.buffer.length) this.#filings = new Views(Buffer.alloc(room));
    let end = 0;
    for (const { index, term } of filings) {
      end = writeFiling(this.#filings.buffer, end, this.#names.intern('i', index), term);
    }
    return this.#filings.view(0, end);
  }

  #layOut(header: DocumentHeader, value: Buffer | null): Buffer {
    const needed = documentBytes(header, value);
    if (needed > this.#values.buffer.length) this.#values = new Views(Buffer.alloc(needed * 2));
    return this.#values.view(0, writeDocument(this.#values.buffer, header, value));
  }
}

/** Where the time of a key begins, so that the longest filing has room before it. */
const timeAt = longestFiled;

/** Writes generation and filing so that they end where the time begins. @returns where they begin */
function writeInFront(key: Buffer, generation: number, filing: Buffer): number {
  const filingAt = timeAt - filing.length;
  filing.copy(key, filingAt);
  return key.writeUInt32BE(generation, filingAt - generationBytes) - generationBytes;
}

/**
 * Parts of one buffer. Making a part costs as much as a look-up in the database, and the same few lengths come again
 * and again: they are kept.
 */
class Views {
  readonly #views = new Map<number, Buffer>();

  constructor(readonly buffer: Buffer) {}

  view(start: number, end: number): Buffer {
    const at = start * 0x1_00_00_00_00 + end;
    let view = this.#views.get(at);
    if (view === undefined) {
      view = this.buffer.subarray(start, end);
      if (this.#views.size < mostViews) this.#views.set(at, view);
    }
    return view;
  }
}

const mostViews = 4096;

/** Puts unless the key is taken, in one descent of the tree. Inside a write transaction. @returns whether it put */
function putNew(table: Table, key: Buffer, value: Buffer): boolean {
  // `putSync` answers whether it wrote (lmdb 3.5.6, write.js); the declared `void` leaves that out.
  const written: unknown = table.putSync(key, value, { noOverwrite: true });
  return written === true;
}
