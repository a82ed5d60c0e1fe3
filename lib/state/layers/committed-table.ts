import type { Buffer } from 'node:buffer';
import { copyOfValue, timestampOf } from '../row.js';
import type { Entry, KeyRange, ReadTable, Row } from '../state-table.js';
import type { ValueFormat } from '../value-format.js';
import type { TableLayers } from './table-layers.js';

/** A table as of the last cut that was committed: whatever is read is the reader's own. */
export class CommittedTable<T> implements ReadTable<T> {
  readonly #layers: TableLayers;
  readonly #format: ValueFormat<T>;

  constructor(layers: TableLayers, format: ValueFormat<T>) {
    this.#layers = layers;
    this.#format = format;
  }

  get(key: string): Row<T> | undefined {
    const bytes = this.#layers.getCommitted(key);
    return bytes && this.#rowIn(bytes);
  }

  page(range: KeyRange, limit: number): readonly Entry<T>[] {
    const found: Entry<T>[] = [];
    for (const rows = this.#layers.walkCommitted(range, limit); found.length < limit; rows.next()) {
      const [key, bytes] = [rows.key, rows.row()];
      if (key === undefined || bytes === null) break;
      found.push([key, this.#rowIn(bytes)]);
    }
    return found;
  }

  #rowIn(bytes: Buffer): Row<T> {
    return { value: this.#format.decode(copyOfValue(bytes)), timestamp: timestampOf(bytes) };
  }
}
