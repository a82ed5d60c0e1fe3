import { Buffer } from 'node:buffer';
import type { SourceRecord } from '../../drivers/port.js';
import type { Change } from '../backend.js';
import { rowOf } from '../row.js';
import type { StateLayout, TableLayout } from '../table-layout.js';
import { besideIn, besideKey } from './log-keys.js';
import { rowTimeIn } from './time-ahead.js';

/** How the rows of one state stand in its changelog, and back. */
export class LogRecords {
  readonly #layout: StateLayout;
  /** The table whose rows users see there, and its layout. */
  readonly #rows: readonly [name: string, layout: TableLayout] | undefined;

  constructor(layout: StateLayout) {
    this.#layout = layout;
    this.#rows = Object.entries(layout).find(([, { log }]) => log === 'rows');
  }

  /** The record's key; undefined: the table is not logged. */
  keyOf(table: string, key: string): Buffer | undefined {
    const layout = this.#layout[table];
    if (layout === undefined || layout.log === 'no') return undefined;
    const text = layout.log === 'beside' ? besideKey(table, key) : (layout.keys?.toLog(key) ?? key);
    return Buffer.from(text, 'latin1');
  }

  /** Whether the timestamps of its rows say something: those of timers, of indexes and of places are in keys and values too, or nowhere needed. */
  isDated(table: string): boolean {
    const values = this.#layout[table]?.values;
    return values === 'state' || values === 'state-or-null';
  }

  /** What a record of it changes; of a row that has an index, that too. None of a table that is there no more. */
  changesOf(
    { value, timestamp: dated, headers }: Pick<SourceRecord, 'value' | 'timestamp' | 'headers'>,
    text: string,
  ): readonly (readonly [table: string, change: Change])[] {
    const timestamp = rowTimeIn(headers, dated);
    const row = value === null ? null : rowOf(value, timestamp);
    const beside = besideIn(text);
    if (beside !== undefined) return beside.table in this.#layout ? [[beside.table, [beside.key, row]]] : [];
    if (this.#rows === undefined) return [];
    const [table, layout] = this.#rows;
    const key = layout.keys?.fromLog(text) ?? text;
    const { index } = layout;
    if (index === undefined) return [[table, [key, row]]];
    const mark = value === null ? null : rowOf(noValue, timestamp);
    return [
      [table, [key, row]],
      [index.table, [index.key(key), mark]],
    ];
  }
}

const noValue = Buffer.alloc(0);
