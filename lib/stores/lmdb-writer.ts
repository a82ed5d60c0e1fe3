import type { Codec } from '../codecs/codec.js';
import { checkSource } from './document-source.js';
import { customerOf, timeOf } from './index-values.js';
import {
  type DocumentHeader,
  documentBytes,
  documentsOfGeneration,
  generationBytes,
  longestKey,
  readDocument,
  timeBytes,
  writeCustomer,
  writeDocument,
  writeDocumentKey,
  writeTime,
} from './lmdb-layout.js';
import type { Origins } from './lmdb-origins.js';
import { addRemoved, readFiled, type Table, type Tables, writeFiled } from './lmdb-tables.js';
import type { Document, StoreOptions } from './port.js';

/** Documents with all that can fail on a value done: column by column, since there may be thousands. */
export interface Batch {
  readonly documents: readonly Document<unknown>[];
  readonly values: readonly (Buffer | null)[];
  readonly times: readonly number[];
  readonly customers: readonly (string | undefined)[];
}

/**
 * Encodes values and asks the selectors, before the transaction: none of the user's code runs inside it.
 *
 * @throws {KafkaRxError} `ENCODE` or `STORE`, with the document's coordinates
 */
export function prepareBatch<V>(
  documents: readonly Document<V>[],
  codec: Codec<V>,
  options: StoreOptions<V>,
  where: string,
): Batch {
  const values: (Buffer | null)[] = [];
  const times: number[] = [];
  const customers: (string | undefined)[] = [];
  for (const document of documents) {
    checkSource(document.source, where);
    values.push(codec.encode(document.value));
    times.push(timeOf(document, options, where));
    customers.push(customerOf(document, options, where));
  }
  return { documents, values, times, customers };
}

const nothing = Buffer.alloc(0);

/** Puts batches into the tables; owns the buffers in which keys and values are laid out, since LMDB copies at once. */
export class LmdbWriter {
  readonly #tables: Tables;
  readonly #origins: Origins;
  readonly #keys = new Views(Buffer.alloc(longestKey));
  #values = new Views(Buffer.alloc(4096));

  constructor(tables: Tables, origins: Origins) {
    this.#tables = tables;
    this.#origins = origins;
  }

  /** Inside a write transaction: all of it, or a throw that must abort the transaction. */
  put({ documents, values, times, customers }: Batch): void {
    const key = this.#keys.buffer;
    const before = readFiled(this.#tables);
    let count = before;
    for (const [i, { source }] of documents.entries()) {
      // The columns are as long as `documents`.
      const time = times[i] ?? 0;
      const customer = customers[i];
      const generation = Math.floor(count / documentsOfGeneration);
      const start = key.writeUInt32BE(generation, 0);
      const customerEnd = customer === undefined ? start : writeCustomer(key, start, customer);
      const timeEnd = writeTime(key, customerEnd, time);
      const end = writeDocumentKey(key, timeEnd, this.#origins.intern(source.origin), source);
      const header = { time, generation, customer: this.#keys.view(start, customerEnd) };
      if (this.#file(header, timeEnd, end, values[i] ?? null)) count++;
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

  /** `#keys` holds `generation customer time document`. @returns whether the document is new */
  #file(header: DocumentHeader, timeEnd: number, end: number, value: Buffer | null): boolean {
    const { documents, byTime, byCustomer } = this.#tables;
    const document = this.#keys.view(timeEnd, end);
    const isNew = putNew(documents, document, this.#layOut(header, value));
    if (!isNew && !this.#replace(document, header, value)) return false;
    byTime.put(this.#keys.view(timeEnd - timeBytes, end), nothing);
    if (header.customer.length > 0) byCustomer.put(this.#keys.view(0, end), nothing);
    return isNew;
  }

  /** @returns whether the document must be filed anew, since its time or customer changed */
  #replace(document: Buffer, header: DocumentHeader, value: Buffer | null): boolean {
    const { documents } = this.#tables;
    const found = documents.get(document);
    const old = found === undefined ? undefined : readDocument(found);
    if (old?.time === header.time && old.customer.equals(header.customer)) {
      // Where it is filed it stays, and so does the generation that says where.
      documents.put(document, this.#layOut(old, value));
      return false;
    }
    if (old !== undefined) this.#unfile(old, document);
    documents.put(document, this.#layOut(header, value));
    return true;
  }

  /** A rewrite may change time or customer: what the old ones pointed at must go. */
  #unfile({ time, generation, customer }: DocumentHeader, document: Buffer): void {
    const key = Buffer.alloc(longestKey);
    const timeStart = generationBytes + customer.copy(key, key.writeUInt32BE(generation, 0));
    const timeEnd = writeTime(key, timeStart, time);
    const end = timeEnd + document.copy(key, timeEnd);
    this.#tables.byTime.remove(key.subarray(timeStart, end));
    if (customer.length > 0) this.#tables.byCustomer.remove(key.subarray(0, end));
  }

  #layOut(header: DocumentHeader, value: Buffer | null): Buffer {
    const needed = documentBytes(header, value);
    if (needed > this.#values.buffer.length) this.#values = new Views(Buffer.alloc(needed * 2));
    return this.#values.view(0, writeDocument(this.#values.buffer, header, value));
  }
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
