import { Buffer } from 'node:buffer';
import type { Timer } from '../base/clock.js';
import type { Codec } from '../codecs/codec.js';
import { coordinates, documentId, documentSource } from './document-source.js';
import type { Bounds, Filing } from './index-values.js';
import type { LmdbHost, LmdbPicture, LmdbRoot } from './lmdb-host.js';
import {
  eachFiling,
  longestDocumentKey,
  longestFiled,
  readDocument,
  readDocumentKey,
  timeBytes,
  writeDocumentKey,
  writeFiling,
  writeTime,
} from './lmdb-layout.js';
import type { Names } from './lmdb-names.js';
import { Runs } from './lmdb-runs.js';
import type { Tables } from './lmdb-tables.js';
import { sourceOfId } from './own-ids.js';
import type { DocumentSource, StoredDocument, StoreOptions } from './port.js';
import { readOrTell, unreadable } from './unreadable.js';

/** Read in one go; a scan of more goes on where it stood. */
const chunkDocuments = 256;
const chunkBytes = 1024 * 1024;

interface Found {
  readonly source: DocumentSource;
  /** A copy, so that it does not point into a page of a transaction that ended. */
  readonly bytes: Buffer;
}

/**
 * One picture of the store, held while a scan goes on.
 *
 * LMDB cannot use again the pages that a reader may still look at, so a reader that sleeps makes the file grow.
 * After `boundMs` the picture is dropped, wherever the scan stands, and the next chunk is read from a new one.
 */
class Snapshot {
  readonly #host: LmdbHost;
  readonly #root: LmdbRoot;
  readonly #boundMs: number;
  #transaction: LmdbPicture | undefined;
  #timer: Timer | undefined;

  constructor(host: LmdbHost, root: LmdbRoot, boundMs: number) {
    this.#host = host;
    this.#root = root;
    this.#boundMs = boundMs;
  }

  get transaction(): LmdbPicture {
    if (this.#transaction === undefined) {
      // lmdb-js renews what it reads from once a turn of the event loop; another process may have written in this one.
      this.#root.resetReadTxn();
      this.#transaction = this.#root.useReadTransaction();
      // The machine's clock, not the app's: what it guards is the file on this machine's disk.
      this.#timer = this.#host.later(() => this.release(), this.#boundMs);
    }
    return this.#transaction;
  }

  release(): void {
    this.#timer?.cancel();
    this.#transaction?.done();
    this.#transaction = undefined;
  }
}

/** Reads documents by their keys and along the indexes. */
export class LmdbReader<V> {
  readonly #host: LmdbHost;
  readonly #tables: Tables;
  readonly #names: Names;
  readonly #codec: Codec<V>;
  readonly #snapshotMs: number;
  readonly #options: StoreOptions<V>;
  readonly #where: string;
  readonly #snapshots = new Set<Snapshot>();

  constructor(
    host: LmdbHost,
    tables: Tables,
    names: Names,
    codec: Codec<V>,
    snapshotMs: number,
    options: StoreOptions<V>,
    where: string,
  ) {
    this.#host = host;
    this.#tables = tables;
    this.#names = names;
    this.#codec = codec;
    this.#snapshotMs = snapshotMs;
    this.#options = options;
    this.#where = where;
  }

  /** Undefined for an id that no document has. */
  find(id: string): Found | undefined {
    const own = this.#options.id === undefined ? undefined : this.#at(sourceOfId(id));
    const source = documentSource(id);
    return own ?? (source === undefined ? undefined : this.#at(source));
  }

  #at(source: DocumentSource): Found | undefined {
    const origin = this.#names.numberOf('o', source.origin);
    const sink = this.#names.numberOf('s', source.sink ?? '');
    if (origin === undefined || sink === undefined) return undefined;
    const key = Buffer.alloc(longestDocumentKey);
    const end = writeDocumentKey(key, 0, { origin, sink }, source);
    const bytes = this.#tables.documents.get(key.subarray(0, end));
    return bytes === undefined ? undefined : { source, bytes };
  }

  /** @throws {KafkaRxError} `DECODE`, which names store and document */
  async decode(found: Found): Promise<StoredDocument<V>> {
    try {
      await this.#codec.prepare?.([readDocument(found.bytes).value]);
      return this.#decoded(found);
    } catch (cause) {
      throw unreadable(cause, found.source, this.#where);
    }
  }

  /**
   * The documents filed so, or all, in time order.
   *
   * @param guarded runs a look into the tables: refuses when closed, turns lmdb's errors into ours
   */
  async *scan(
    filing: Filing | undefined,
    { from, to }: Bounds,
    guarded: <R>(read: () => R) => R,
  ): AsyncGenerator<StoredDocument<V>, void, undefined> {
    const snapshot = new Snapshot(this.#host, this.#tables.root, this.#snapshotMs);
    this.#snapshots.add(snapshot);
    try {
      const wanted = filing === undefined ? undefined : guarded(() => this.#filingBytes(filing));
      const runs = guarded(() =>
        wanted === undefined
          ? Runs.byTime(this.#tables, from, to)
          : Runs.byIndex(this.#tables, wanted, from, to, snapshot.transaction),
      );
      for (let more = true, turns = 0; more; turns++) {
        // Reading is synchronous: without a turn between chunks a long scan would keep the pipeline from its heartbeats.
        if (turns > 0) await this.#host.nextTurn();
        const found: Found[] = [];
        more = guarded(() => this.#chunk(runs, wanted, snapshot.transaction, found));
        if (!more) snapshot.release();
        await this.#codec.prepare?.(found.map(({ bytes }) => readDocument(bytes).value));
        for (const document of found) {
          const stored = guarded(() => this.#readOrTell(document));
          if (stored instanceof Promise) await stored;
          else yield stored;
        }
      }
    } finally {
      snapshot.release();
      this.#snapshots.delete(snapshot);
    }
  }

  /** Drops every picture: the file is about to be closed, and must not be while one is held. */
  release(): void {
    for (const snapshot of this.#snapshots) snapshot.release();
  }

  /** Appends to `found`. @returns whether there may be more */
  #chunk(runs: Runs, wanted: Buffer | undefined, transaction: LmdbPicture, found: Found[]): boolean {
    let bytesRead = 0;
    while (found.length < chunkDocuments && bytesRead < chunkBytes) {
      const entry = runs.next(transaction);
      if (entry === undefined) return false;
      const bytes = this.#tables.documents.get(entry.document, { transaction });
      if (bytes === undefined || !isFiledSo(bytes, entry.time, wanted)) continue;
      found.push({
        source: readDocumentKey(entry.document, n => this.#names.nameOf(n, transaction)),
        bytes,
      });
      bytesRead += bytes.length;
    }
    return true;
  }

  /** Of an index whose name has no number nothing is filed: its key is nobody's. */
  #filingBytes({ index, term }: Filing): Buffer {
    const key = Buffer.alloc(longestFiled);
    const number = this.#names.numberOf('i', index) ?? 0xff_ff_ff_ff;
    return key.subarray(0, writeFiling(key, 0, number, term));
  }

  #readOrTell(found: Found): StoredDocument<V> | Promise<undefined> {
    const { onUnreadable } = this.#options;
    return readOrTell(() => this.#decoded(found), found.source, this.#where, onUnreadable);
  }

  #decoded({ source, bytes }: Found): StoredDocument<V> {
    const { time, value } = readDocument(bytes);
    const decoded = this.#codec.decode(value, coordinates(source));
    return { id: this.#options.id?.(decoded) ?? documentId(source), value: decoded, time };
  }
}

/** Index keys are read ahead of the documents: on a newer picture a document may have gone to another term. */
function isFiledSo(bytes: Buffer, time: Buffer, filing: Buffer | undefined): boolean {
  const header = readDocument(bytes);
  writeTime(timeScratch, 0, header.time);
  if (!timeScratch.equals(time)) return false;
  if (filing === undefined) return true;
  for (const filed of eachFiling(header.filings)) if (filed.equals(filing)) return true;
  return false;
}

const timeScratch = Buffer.alloc(timeBytes);
