import type { RootDatabase, Transaction } from 'lmdb';
import type { Codec } from '../codecs/codec.js';
import { coordinates, documentId, documentSource } from './document-source.js';
import { longestKey, readDocument, readDocumentKey, timeBytes, writeDocumentKey } from './lmdb-layout.js';
import type { Origins } from './lmdb-origins.js';
import type { Table, Tables } from './lmdb-tables.js';
import type { DocumentSource, StoredDocument } from './port.js';

/** Read in one go; a scan of more goes on where the last chunk ended. */
const chunkDocuments = 256;
const chunkBytes = 1024 * 1024;

interface Found {
  readonly source: DocumentSource;
  readonly bytes: Buffer;
}

/** What one look into the tables gave: copies, so that nothing points into a page of a transaction that ended. */
interface Chunk {
  readonly found: readonly Found[];
  /** The last index key read, where there may be more. */
  readonly last: Buffer | undefined;
}

interface ChunkRange {
  readonly start: Buffer;
  readonly end: Buffer;
  readonly exclusiveStart: boolean;
  readonly limit: number;
}

/**
 * One picture of the store, held while a scan goes on.
 *
 * LMDB cannot use again the pages that a reader may still look at, so a reader that sleeps makes the file grow.
 * After `boundMs` the picture is let go, wherever the scan stands, and the next chunk is read from a new one.
 */
class Snapshot {
  readonly #root: RootDatabase<Buffer, Buffer>;
  readonly #boundMs: number;
  #transaction: Transaction | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(root: RootDatabase<Buffer, Buffer>, boundMs: number) {
    this.#root = root;
    this.#boundMs = boundMs;
  }

  get transaction(): Transaction {
    if (this.#transaction === undefined) {
      this.#transaction = this.#root.useReadTransaction();
      // The machine's clock, not the app's: what it guards is the file on this machine's disk.
      this.#timer = setTimeout(() => this.release(), this.#boundMs).unref();
    }
    return this.#transaction;
  }

  release(): void {
    clearTimeout(this.#timer);
    this.#transaction?.done();
    this.#transaction = undefined;
  }
}

/** Reads documents by their keys and along the indexes. */
export class LmdbReader<V> {
  readonly #tables: Tables;
  readonly #origins: Origins;
  readonly #codec: Codec<V>;
  readonly #snapshotMs: number;
  readonly #snapshots = new Set<Snapshot>();

  constructor(tables: Tables, origins: Origins, codec: Codec<V>, snapshotMs: number) {
    this.#tables = tables;
    this.#origins = origins;
    this.#codec = codec;
    this.#snapshotMs = snapshotMs;
  }

  /** Undefined for an id that no document has. */
  find(id: string): Found | undefined {
    const source = documentSource(id);
    const origin = source === undefined ? undefined : this.#origins.numberOf(source.origin);
    if (source === undefined || origin === undefined) return undefined;
    const key = Buffer.alloc(longestKey);
    const bytes = this.#tables.documents.get(key.subarray(0, writeDocumentKey(key, 0, origin, source)));
    return bytes === undefined ? undefined : { source, bytes };
  }

  /** @throws {KafkaRxError} `DECODE`, with the document's coordinates */
  async decode(found: Found): Promise<StoredDocument<V>> {
    await this.#codec.prepare?.([readDocument(found.bytes).value]);
    return this.#decoded(found);
  }

  /**
   * The documents whose keys in `index` lie from `start` to below `end`.
   *
   * @param prefixBytes what stands before the time in a key of this index
   * @param guarded runs a look into the tables: refuses when closed, turns lmdb's errors into ours
   */
  async *scan(
    index: Table,
    prefixBytes: number,
    { start, end }: { start: Buffer; end: Buffer },
    guarded: <R>(read: () => R) => R,
  ): AsyncGenerator<StoredDocument<V>, void, undefined> {
    const snapshot = new Snapshot(this.#tables.root, this.#snapshotMs);
    this.#snapshots.add(snapshot);
    try {
      let from: Buffer | undefined = start;
      let resumed = false;
      while (from !== undefined) {
        const range: ChunkRange = { start: from, end, exclusiveStart: resumed, limit: chunkDocuments };
        const { found, last }: Chunk = guarded(() =>
          this.#chunk(index, prefixBytes, range, snapshot.transaction),
        );
        if (last === undefined) snapshot.release();
        if (this.#codec.prepare !== undefined) {
          await this.#codec.prepare(found.map(({ bytes }) => readDocument(bytes).value));
        }
        for (const document of found) yield guarded(() => this.#decoded(document));
        from = last;
        resumed = true;
      }
    } finally {
      snapshot.release();
      this.#snapshots.delete(snapshot);
    }
  }

  /** Lets go of every picture: the file is about to be closed, and must not be while one is held. */
  release(): void {
    for (const snapshot of this.#snapshots) snapshot.release();
  }

  #chunk(index: Table, prefixBytes: number, range: ChunkRange, transaction: Transaction): Chunk {
    const found: Found[] = [];
    let keysRead = 0;
    let bytesRead = 0;
    for (const key of index.getKeys({ ...range, transaction })) {
      const documentKey = key.subarray(prefixBytes + timeBytes);
      const bytes = this.#tables.documents.get(documentKey, { transaction });
      if (bytes !== undefined) {
        const source = readDocumentKey(documentKey, number => this.#origins.nameOf(number, transaction));
        found.push({ source, bytes });
        bytesRead += bytes.length;
      }
      if (++keysRead === range.limit || bytesRead >= chunkBytes) return { found, last: key };
    }
    return { found, last: undefined };
  }

  #decoded({ source, bytes }: Found): StoredDocument<V> {
    const { time, value } = readDocument(bytes);
    return { id: documentId(source), value: this.#codec.decode(value, coordinates(source)), time };
  }
}
