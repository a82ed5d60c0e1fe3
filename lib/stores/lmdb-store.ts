import { createHash } from 'node:crypto';
import { defaults } from '../app/defaults.js';
import { nameKind } from '../base/name-kinds.js';
import { required } from '../base/option-kinds.js';
import { checkArgument } from '../base/option-schema.js';
import { declare, declaredShape } from '../codecs/declared.js';
import { isKafkaRxError, KafkaRxError } from '../errors/errors.js';
import { checkPosition } from './document-source.js';
import type { InTurn } from './folder-turns.js';
import { bounds, indexesOf, type NamedIndex } from './index-values.js';
import { LmdbBundles } from './lmdb-bundles.js';
import { commitError, lmdbFailed } from './lmdb-failed.js';
import { binary, type LmdbHost } from './lmdb-host.js';
import { LmdbIndexes } from './lmdb-indexes.js';
import { Names } from './lmdb-names.js';
import { type LmdbOptions, lmdbOptions, readOnlyStore } from './lmdb-options.js';
import { LmdbPositions } from './lmdb-positions.js';
import { LmdbReader } from './lmdb-reader.js';
import { reincarnate } from './lmdb-reincarnate.js';
import { openTables, readCount, type Tables } from './lmdb-tables.js';
import { LmdbWriter, prepareBatch } from './lmdb-writer.js';
import type {
  Document,
  DocumentStore,
  StoredDocument,
  StorePosition,
  StorePositions,
  TimeRange,
  WriteGuard,
} from './port.js';
import { checkStoreOptions, renamedMethods, requireId, requireIndex } from './store-options.js';
import { storedBytes } from './stored-bytes.js';

/** @category Stores @since 0.1.0 */
export interface LmdbStore<V, I extends string = string> extends DocumentStore<V, I> {
  /** The store's folder, absolute. */
  readonly directory: string;
}

interface Opened<V> {
  readonly inTurn: InTurn;
  readonly tables: Tables;
  readonly names: Names;
  readonly indexes: LmdbIndexes;
  readonly bundles: LmdbBundles;
  readonly positions: LmdbPositions;
  readonly reader: LmdbReader<V>;
  readonly writer: LmdbWriter;
}

const writesBetweenReaderChecks = 1000;
/** One slot a scan under way, over all processes; LMDB's default of 126 is few for a server's requests. */
const readerSlots = 1024;

/**
 * The store of `kafka-rx/lmdb` on a host of any kind.
 *
 * @throws {KafkaRxError} as that does
 */
export function lmdbOn<V, I extends string = string>(
  host: LmdbHost,
  name: string,
  options: LmdbOptions<V, I>,
): LmdbStore<V, I> {
  checkArgument('lmdb', 'the name', required(nameKind), name);
  checkStoreOptions(`lmdb('${name}')`, lmdbOptions, options, defaults.lmdb);
  const store = Object.assign(new Lmdb<V>(host, name, options), renamedMethods);
  return declare(store, declaredShape(options.value));
}

class Lmdb<V> implements LmdbStore<V> {
  readonly name: string;
  readonly directory: string;
  readonly #host: LmdbHost;
  readonly #options: LmdbOptions<V>;
  readonly #where: string;
  /** Of this machine and folder; nobody is to read the path out of a commit. */
  readonly #place: string;
  readonly #indexes: readonly NamedIndex<V>[];
  #opened: Opened<V> | undefined;
  #opening: Promise<void> | undefined;
  #writing: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #writes = 0;
  #guard: WriteGuard | undefined;
  /** Under that guard. */
  #encode: LmdbOptions<V>['value']['encode'] | undefined;

  constructor(host: LmdbHost, name: string, options: LmdbOptions<V>) {
    this.name = name;
    this.directory = host.folderOf(name, options.directory);
    this.#host = host;
    this.#place = createHash('sha256')
      .update(`${host.hostname}\0${this.directory}`)
      .digest('hex')
      .slice(0, 16);
    this.#options = options;
    this.#indexes = indexesOf(options);
    this.#where = `store ${name} at ${this.directory}`;
  }

  async open(reset?: readonly StorePosition[]): Promise<void> {
    this.#opening = this.#openOnceClosed(reset);
    await this.#opening;
  }

  async #openOnceClosed(reset: readonly StorePosition[] | undefined): Promise<void> {
    await this.#closing;
    if (this.#opened !== undefined) return;
    if (reset !== undefined) this.#requireWritable();
    const readOnly = this.#options.readOnly ?? false;
    const inTurn = this.#guarded('open', () => {
      this.#host.prepareFolder(this.directory, readOnly, this.#where);
      return this.#host.turnsOf(this.directory);
    });
    const open = (): void => {
      this.#opened ??= this.#open(inTurn, readOnly, reset);
    };
    // One that only reads begins no write transaction, and need not wait for those that do.
    if (readOnly) open();
    else await inTurn(open);
  }

  #open(inTurn: InTurn, readOnly: boolean, reset: readonly StorePosition[] | undefined): Opened<V> {
    return this.#guarded('open', () => {
      const root = this.#host.open({
        path: this.directory,
        noSubdir: false, // else a folder with a dot in its name becomes a file
        readOnly,
        ...binary,
        // Otherwise a write would resolve once it can be seen, before it is flushed. `noMemInit` stays off too: it would
        // let whatever the process had in memory, card numbers among it, into the unused parts of pages.
        overlappingSync: false,
        // Writes are transactions already. With it, a failed commit also rejects a promise inside lmdb-js that nobody can
        // catch (3.5.6, `writeBatchStart`), and that ends the process.
        eventTurnBatching: false,
        maxDbs: 16,
        maxReaders: readerSlots,
      });
      try {
        const tables = openTables(root, readOnly, this.#where);
        const names = new Names(tables.names, this.#where);
        const indexes = new LmdbIndexes(tables, names, this.#indexes, this.#where);
        const snapshotMs = this.#options.snapshotMs ?? defaults.lmdb.snapshotMs;
        const reader = new LmdbReader(
          this.#host,
          tables,
          names,
          this.#options.value,
          snapshotMs,
          this.#options,
          this.#where,
        );
        const bundles = new LmdbBundles(tables, names);
        if (!readOnly && reset === undefined) indexes.requireComplete();
        const positions = new LmdbPositions(tables, names, readOnly, this.#where, () => this.#host.newId());
        if (reset !== undefined) {
          indexes.requireCompleteAfterReset(() => positions.leavesAny(reset, bundles));
        }
        return {
          inTurn,
          tables,
          names,
          indexes,
          bundles,
          positions,
          reader,
          writer: new LmdbWriter(tables, names, bundles),
        };
      } catch (error) {
        void root.close();
        throw error;
      }
    });
  }

  async write(documents: readonly Document<V>[], guard?: WriteGuard): Promise<void> {
    const opened = this.#ready();
    await this.#inTurn(opened, () => this.#commit(opened, documents, guard));
  }

  readonly positions: StorePositions = ((store: Lmdb<V>): StorePositions => ({
    get id() {
      return store.#ready().positions.id;
    },
    isNew() {
      const { positions } = store.#ready();
      return store.#guarded('read', () => positions.isNew);
    },
    place: () => store.#place,
    standsFor() {
      const { positions } = store.#ready();
      return store.#guarded('read', () => positions.standsFor);
    },
    async standFor(ids) {
      const opened = store.#ready();
      await store.#inTurn(opened, () => store.#transact(opened, () => opened.positions.standFor(ids)));
    },
    read(origin, partition) {
      const { positions } = store.#ready();
      return store.#guarded('read', () => positions.read(origin, partition));
    },
    async advance(noted) {
      const opened = store.#ready();
      for (const position of noted) checkPosition(position, store.#where);
      const raise = (): void => {
        opened.positions.requireCurrent();
        opened.positions.raise(noted);
      };
      await store.#inTurn(opened, () => store.#transact(opened, raise));
    },
    wholeFrom(starts) {
      const { bundles, positions } = store.#ready();
      return store.#guarded('read', () => bundles.wholeFrom(starts.map(start => positions.lowered(start))));
    },
    async beginBelow(begins) {
      const opened = store.#ready();
      for (const begin of begins) checkPosition(begin, store.#where);
      const note = (): void => {
        opened.positions.requireCurrent();
        opened.positions.beginBelow(begins);
      };
      await store.#inTurn(opened, () => store.#transact(opened, note));
    },
    async reincarnate(noted) {
      const opened = store.#ready();
      for (const position of noted) checkPosition(position, store.#where);
      await store.#inTurn(opened, () => reincarnate(noted, opened, write => store.#transact(opened, write)));
    },
  }))(this);

  async get(id: string): Promise<StoredDocument<V> | undefined> {
    const { reader } = this.#ready();
    requireId(id, this.#where);
    const found = this.#guarded('read', () => reader.find(id));
    return found === undefined ? undefined : reader.decode(found);
  }

  async *by(
    index: string,
    term: string,
    range?: TimeRange,
  ): AsyncGenerator<StoredDocument<V>, void, undefined> {
    const { reader, indexes } = this.#ready();
    requireIndex(index, this.#indexes, this.#where, term);
    this.#guarded('read', () => indexes.requireFiled(index));
    yield* reader.scan({ index, term }, bounds(range, this.#where), this.#whileOpen);
  }

  async *byTime(range?: TimeRange): AsyncGenerator<StoredDocument<V>, void, undefined> {
    yield* this.#ready().reader.scan(undefined, bounds(range, this.#where), this.#whileOpen);
  }

  async count(): Promise<number> {
    const { tables } = this.#ready();
    return this.#guarded('read', () => readCount(tables));
  }

  async close(): Promise<void> {
    this.#closing = this.#opened === undefined ? this.#closeOnceOpened() : this.#close(this.#opened);
    await this.#closing;
  }

  async #closeOnceOpened(): Promise<void> {
    // As they are now: an open that is called after this close waits for it.
    await Promise.allSettled([this.#closing, this.#opening]);
    if (this.#opened !== undefined) await this.#close(this.#opened);
  }

  async #close({ tables, reader }: Opened<V>): Promise<void> {
    this.#opened = undefined;
    await this.#writing?.catch(() => undefined);
    reader.release();
    await tables.root.close();
  }

  /** One after the other, should callers overlap them: a failed write takes back the names that it learned. */
  async #inTurn({ inTurn }: Opened<V>, write: () => Promise<void>): Promise<void> {
    this.#writing = inTurn(write);
    await this.#writing;
  }

  async #commit(opened: Opened<V>, documents: readonly Document<V>[], guard?: WriteGuard): Promise<void> {
    if (documents.length === 0) return this.#requireWritable();
    if (guard !== this.#guard || this.#encode === undefined) {
      const { value } = this.#options;
      this.#encode = storedBytes(value, guard, this.#where);
      this.#guard = guard;
    }
    const batch = prepareBatch(documents, this.#encode, this.#options, this.#indexes, this.#where, guard);
    await this.#transact(opened, () => {
      opened.positions.requireCurrent();
      opened.indexes.noteUse();
      opened.writer.put(batch);
    });
  }

  async #transact({ tables, names, indexes }: Opened<V>, write: () => void): Promise<void> {
    this.#requireWritable();
    const known = names.size;
    try {
      // A child, since lmdb-js commits what a plain transaction had done before it threw.
      await tables.root.childTransaction(write);
    } catch (error) {
      names.forget(known);
      indexes.forgetUse();
      if (isKafkaRxError(error)) throw error;
      throw lmdbFailed('write', this.#where, await commitError(error));
    }
    // A reader that was killed keeps its slot, and with it the pages that it looked at, until somebody asks.
    if (++this.#writes % writesBetweenReaderChecks === 0) tables.root.readerCheck();
  }

  #requireWritable(): void {
    if (this.#options.readOnly !== true) return;
    throw readOnlyStore(this.#where);
  }

  #ready(): Opened<V> {
    if (this.#opened !== undefined) return this.#opened;
    throw new KafkaRxError('CLOSED', `The ${this.#where} is not open`, {
      remedy: 'Call open() before, and nothing after close()',
    });
  }

  readonly #whileOpen = <R>(read: () => R): R => {
    this.#ready();
    return this.#guarded('read', read);
  };

  #guarded<R>(action: 'open' | 'read', run: () => R): R {
    try {
      return run();
    } catch (error) {
      if (isKafkaRxError(error)) throw error;
      throw lmdbFailed(action, this.#where, error);
    }
  }
}
