import type { Buffer } from 'node:buffer';
import type { Change, StateBackend } from '../backend.js';
import type { KeyRange } from '../state-table.js';
import { ByteLayer } from './byte-layer.js';
import { backendCursor, layerCursor, mergedCursor, type RowCursor } from './row-cursor.js';

/**
 * What lies beneath the open cut of a table, as bytes: sealed cuts that are not committed, those that are (merged into one), what is being
 * applied, and the backend. Of a key the newest of them that has it has the word.
 */
export class TableLayers {
  readonly #table: string;
  readonly #backend: StateBackend;
  /** The oldest first. */
  readonly #sealed: ByteLayer[] = [];
  #committed = new ByteLayer();
  /** In the backend as well when it is dropped: reads there see the former rows until then. */
  #applying: ByteLayer | undefined;
  /** Those with rows, the newest first. */
  #layers: readonly ByteLayer[] = [];
  /** Those of them that are committed. */
  #lower: readonly ByteLayer[] = [];

  constructor(table: string, backend: StateBackend) {
    this.#table = table;
    this.#backend = backend;
  }

  /** Committed and not in the backend. */
  get unappliedKeys(): number {
    return this.#committed.rows.size + (this.#applying?.rows.size ?? 0);
  }

  get unappliedBytes(): number {
    return this.#committed.bytes + (this.#applying?.bytes ?? 0);
  }

  get bytes(): number {
    return this.#layers.reduce((sum, layer) => sum + layer.bytes, 0);
  }

  /** Rows, estimated: whether a key was there is not always known. */
  get size(): number {
    const growth = this.#layers.reduce((sum, layer) => sum + layer.growth, 0);
    return Math.max(0, this.#backend.size(this.#table) + growth);
  }

  /** @returns null: deleted; undefined: only the backend may know */
  getInMemory(key: string): Buffer | null | undefined {
    return foundIn(this.#layers, key);
  }

  get(key: string): Buffer | undefined {
    return this.#below(foundIn(this.#layers, key), key);
  }

  /** As of the last cut that was committed. */
  getCommitted(key: string): Buffer | undefined {
    return this.#below(foundIn(this.#lower, key), key);
  }

  #below(row: Buffer | null | undefined, key: string): Buffer | undefined {
    return row === undefined ? this.#backend.get(this.#table, key) : (row ?? undefined);
  }

  /** Deleted ones left out. Nothing may be put meanwhile. @param limit how many rows are wanted, about */
  walk(range: KeyRange, limit: number): RowCursor {
    return this.#walk(this.#layers, range, limit);
  }

  /** The same as of the last cut that was committed. */
  walkCommitted(range: KeyRange, limit: number): RowCursor {
    return this.#walk(this.#lower, range, limit);
  }

  #walk(from: readonly ByteLayer[], range: KeyRange, limit: number): RowCursor {
    const backend = backendCursor(this.#backend, this.#table, range, limit);
    if (from.length === 0) return backend;
    const layers = from.map(({ rows }) => layerCursor(rows, range));
    return mergedCursor([...layers, backend], range.reverse ?? false);
  }

  seal(layer: ByteLayer): void {
    this.#sealed.push(layer);
    this.#arrange();
  }

  /** The oldest of the sealed. */
  commit(): void {
    const layer = this.#sealed.shift();
    if (layer === undefined) return;
    if (this.#committed.rows.size === 0) this.#committed = layer;
    else this.#committed.take(layer);
    this.#arrange();
  }

  dropSealed(): void {
    this.#sealed.length = 0;
    this.#arrange();
  }

  /** All that is committed, sorted by key; nothing is being applied. */
  beginApply(): readonly Change[] {
    const applying = this.#committed;
    this.#applying = applying;
    this.#committed = new ByteLayer();
    this.#arrange();
    return applying.rows.sortedKeys().map(key => [key, applying.rows.get(key) ?? null]);
  }

  /** It has arrived: reads of the backend see it. */
  endApply(): void {
    this.#applying = undefined;
    this.#arrange();
  }

  #arrange(): void {
    this.#lower = [this.#committed, this.#applying]
      .filter(layer => layer !== undefined)
      .filter(({ rows }) => rows.size > 0);
    this.#layers = [...this.#sealed.filter(({ rows }) => rows.size > 0).toReversed(), ...this.#lower];
  }
}

function foundIn(layers: readonly ByteLayer[], key: string): Buffer | null | undefined {
  for (const { rows } of layers) {
    const row = rows.get(key);
    if (row !== undefined) return row;
  }
  return undefined;
}
