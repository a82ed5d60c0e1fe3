import { Buffer } from 'node:buffer';
import type { Changes, Checkpoint, Restored } from './backend.js';
import { restoring } from './checkpoints.js';
import { SortedMap } from './sorted-map.js';
import type { KeyRange } from './state-table.js';

/**
 * Rows by table and key, as latin1 text, one byte a character: a fifth of what as many small buffers cost, and nobody else has them; and the checkpoint that
 * they have.
 */
export class MemoryRows {
  readonly #tables = new Map<string, SortedMap<string>>();
  #checkpoint: Checkpoint | undefined;

  get checkpoint(): Checkpoint | undefined {
    return this.#checkpoint;
  }

  /** The buffer is the caller's own. */
  get(table: string, key: string): Buffer | undefined {
    const row = this.#tables.get(table)?.get(key);
    return row === undefined ? undefined : Buffer.from(row, 'latin1');
  }

  /** The first rows of a range; the buffers are the caller's own. */
  page(table: string, range: KeyRange, limit: number): readonly (readonly [string, Buffer])[] {
    const rows = this.#tables.get(table);
    const found: (readonly [string, Buffer])[] = [];
    if (rows === undefined) return found;
    const cursor = rows.walk(range);
    for (; cursor.key !== undefined && found.length < limit; cursor.next()) {
      found.push([cursor.key, Buffer.from(rows.get(cursor.key) ?? '', 'latin1')]);
    }
    return found;
  }

  size(table: string): number {
    return this.#tables.get(table)?.size ?? 0;
  }

  apply(changes: Changes, checkpoint: Checkpoint): void {
    this.put(changes);
    this.#checkpoint = checkpoint;
  }

  restore(changes: Changes, restored: Restored): void {
    this.put(changes);
    this.#checkpoint = restoring(this.#checkpoint, restored);
  }

  /** The checkpoint stays what it is. */
  put(changes: Changes): void {
    for (const [table, ofTable] of changes) {
      let rows = this.#tables.get(table);
      if (rows === undefined) {
        rows = new SortedMap(true);
        this.#tables.set(table, rows);
      }
      for (const [key, row] of ofTable) {
        if (row === null) rows.delete(key);
        else rows.set(key, row.toString('latin1'));
      }
    }
  }

  clear(): void {
    this.#tables.clear();
    this.#checkpoint = undefined;
  }
}
