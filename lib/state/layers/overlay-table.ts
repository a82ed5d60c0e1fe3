import type { Buffer } from 'node:buffer';
import type { Change, StateBackend } from '../backend.js';
import { copyOfValue, rowOf, timestampOf } from '../row.js';
import { SortedMap } from '../sorted-map.js';
import type { Entry, KeyRange, ReadTable, Row, StateTable } from '../state-table.js';
import type { ValueFormat } from '../value-format.js';
import { ByteLayer, entryOverhead } from './byte-layer.js';
import { CleanCache } from './clean-cache.js';
import { CommittedTable } from './committed-table.js';
import { TableLayers } from './table-layers.js';

/** What was read of a key beneath the open cut: both undefined, where there was nothing. */
interface Clean<T> {
  readonly row: Row<T> | undefined;
  readonly bytes: Buffer | undefined;
}

/** What a cut has changed in a table. */
export interface SealedTable {
  readonly changes: readonly Change[];
  /** Makes it the newest of the sealed layers, with an empty open one above. */
  take(): void;
  /** It is the oldest of the sealed layers, and Kafka has it. */
  commit(): void;
}

/** Of a row whose size is not known. */
const guessedBytes = 100;
/**
 * From so many changed rows on, and then of each so many, one is encoded before the cut is sealed, to know how large that gets: rows may be larger than
 * those of the last cut, or there was none.
 */
const [firstSample, samplesEach] = [16, 64];
const absent = { row: undefined, bytes: undefined };

/**
 * A table of an overlay. The open cut holds objects; everything beneath is bytes. What is read is decoded once a cut, and kept beside the
 * changes, never among them: so it is neither written at a commit nor there after one, when its owner may have changed it.
 */
export class OverlayTable<T> implements StateTable<T> {
  readonly layers: TableLayers;
  /** As of the last cut that was committed. */
  readonly committed: ReadTable<T>;
  readonly #format: ValueFormat<T>;
  readonly #cleanEntries: number;
  /** Null: deleted. */
  #open = new SortedMap<Row<T> | null>();
  #clean: CleanCache<Clean<T>>;
  /** Of a row, on average: as the last sealed cut had them. */
  #rowBytes = guessedBytes;
  /** The sum of those of the open cut that were encoded to know, how many, and how many rows there are at the next. */
  #sampled = { bytes: 0, rows: 0, next: firstSample };
  /** Rows of the open cut as bytes, where they were looked at when they were put; undefined: they are not. */
  #looked: Map<string, Buffer> | undefined;

  /** @param cleanEntries how many rows that were only read are kept decoded */
  constructor(name: string, format: ValueFormat<T>, backend: StateBackend, cleanEntries: number) {
    this.layers = new TableLayers(name, backend);
    this.committed = new CommittedTable(this.layers, format);
    this.#format = format;
    this.#cleanEntries = cleanEntries;
    this.#clean = new CleanCache(cleanEntries);
    this.#looked = this.#looking();
  }

  /** Keys that the open cut has changed. */
  get dirty(): number {
    return this.#open.size;
  }

  get dirtyBytes(): number {
    const { bytes, rows } = this.#sampled;
    return this.#open.size * ((rows === 0 ? this.#rowBytes : bytes / rows) + entryOverhead);
  }

  get bytes(): number {
    return this.layers.bytes + (this.#open.size + this.#clean.size) * (this.#rowBytes + entryOverhead);
  }

  /** Rows, estimated, without what the open cut has changed. */
  get size(): number {
    return this.layers.size;
  }

  get(key: string): Row<T> | undefined {
    const open = this.#open.get(key);
    if (open !== undefined) return open ?? undefined;
    const clean = this.#clean.get(key);
    return clean === undefined ? this.#read(key) : clean.row;
  }

  put(key: string, row: Row<T>): void {
    if (this.#looked !== undefined) this.#look(this.#looked, key, row);
    this.#open.set(key, row);
    if (this.#open.size >= this.#sampled.next) this.#sample(row.value);
  }

  delete(key: string): void {
    this.#looked?.delete(key);
    this.#open.set(key, null);
  }

  page(range: KeyRange, limit: number): readonly Entry<T>[] {
    const found: Entry<T>[] = [];
    const beneath = this.layers.walk(range, limit);
    const open = this.#open.size === 0 ? nowhere : this.#open.walk(range);
    const isBehind =
      range.reverse === true ? (a: string, b: string) => a < b : (a: string, b: string) => a > b;
    while (found.length < limit) {
      const key = open.key;
      const below = beneath.key;
      if (key === undefined || (below !== undefined && isBehind(key, below))) {
        const bytes = beneath.row();
        if (below === undefined || bytes === null) break;
        found.push([below, this.#decoded(below, bytes)]);
        beneath.next();
        continue;
      }
      const row = this.#open.get(key);
      if (row !== null && row !== undefined) found.push([key, row]);
      open.next();
      if (below === key) beneath.next();
    }
    return found;
  }

  /** The changes of the open cut as bytes; nothing is changed before they are taken. */
  seal(): SealedTable {
    const layer = new ByteLayer();
    const clean = new CleanCache<Clean<T>>(this.#cleanEntries);
    const changes: Change[] = [];
    for (const key of this.#open.sortedKeys()) {
      const open = this.#open.get(key) ?? null;
      const before = this.#knownBefore(key);
      if (open === null) {
        clean.set(key, absent);
        if (before === null) continue;
        layer.add(key, null, before === undefined ? 0 : -1);
        changes.push([key, null]);
        continue;
      }
      const bytes = this.#looked?.get(key) ?? this.#encoded(key, open);
      // Nobody can change it, so that the next cut need not decode its own.
      if (isPrimitive(open.value)) clean.set(key, { row: open, bytes });
      if (before?.equals(bytes)) continue;
      layer.add(key, bytes, before === null ? 1 : 0);
      changes.push([key, bytes]);
    }
    return {
      changes,
      take: () => {
        if (layer.rows.size > 0) this.#rowBytes = layer.bytes / layer.rows.size - entryOverhead;
        this.#format.watch?.sealed();
        this.#empty();
        this.#clean = clean;
        this.layers.seal(layer);
      },
      commit: () => this.layers.commit(),
    };
  }

  /** Everything goes that is not committed. */
  abort(): void {
    this.#empty();
    this.#clean = new CleanCache(this.#cleanEntries);
    this.layers.dropSealed();
  }

  /** The next cut is open, and has changed nothing yet. */
  #empty(): void {
    this.#open = new SortedMap();
    this.#sampled = { bytes: 0, rows: 0, next: firstSample };
    this.#looked = this.#looking();
  }

  #sample(value: T): void {
    const sampled = this.#sampled;
    sampled.next += samplesEach;
    try {
      sampled.bytes += this.#format.encode(value).length;
      sampled.rows++;
    } catch {
      // Who seals it is told.
    }
  }

  /** The same for all of a cut. */
  #looking(): Map<string, Buffer> | undefined {
    return this.#format.watch?.atPut === true ? new Map() : undefined;
  }

  #encoded(key: string, { value, timestamp }: Row<T>): Buffer {
    const { watch, check } = this.#format;
    try {
      const bytes = this.#format.encode(value);
      check?.(key, bytes, timestamp);
      return rowOf(bytes, timestamp);
    } catch (error) {
      watch?.refused();
      throw error;
    }
  }

  #look(looked: Map<string, Buffer>, key: string, row: Row<T>): void {
    let bytes: Buffer;
    try {
      bytes = this.#encoded(key, row);
    } catch (error) {
      this.#restore(looked, key);
      throw error;
    }
    looked.set(key, bytes);
  }

  /** The function that made what was refused may have changed what was there for it. */
  #restore(looked: ReadonlyMap<string, Buffer>, key: string): void {
    this.#clean = new CleanCache(this.#cleanEntries);
    const bytes = looked.get(key);
    if (bytes !== undefined) this.#open.set(key, this.#rowIn(bytes));
  }

  #read(key: string): Row<T> | undefined {
    const bytes = this.layers.get(key);
    if (bytes !== undefined) return this.#decoded(key, bytes);
    this.#clean.set(key, absent);
    return undefined;
  }

  /** What the cut has decoded of the key before, or this. */
  #decoded(key: string, bytes: Buffer): Row<T> {
    const known = this.#clean.get(key)?.row;
    if (known !== undefined) return known;
    const row = this.#rowIn(bytes);
    this.#clean.set(key, { row, bytes });
    return row;
  }

  #rowIn(bytes: Buffer): Row<T> {
    return { value: this.#format.decode(copyOfValue(bytes)), timestamp: timestampOf(bytes) };
  }

  /** What was there before the cut, so far as memory knows; null: nothing. */
  #knownBefore(key: string): Buffer | null | undefined {
    const clean = this.#clean.get(key);
    return clean === undefined ? this.layers.getInMemory(key) : (clean.bytes ?? null);
  }
}

const nowhere = { key: undefined, next: () => {} };

function isPrimitive(value: unknown): boolean {
  return (typeof value !== 'object' && typeof value !== 'function') || value === null;
}
