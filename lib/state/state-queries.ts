import type { TimeWindow } from '../time/windows.js';
import type { KeyRange, StateTable } from './state-table.js';

/** One value of a windowed state. @category State @since 0.2.0 */
export interface WindowedValue<V> extends TimeWindow {
  readonly value: V;
  /** Milliseconds since 1970, of the newest record in it. */
  readonly timestamp: number;
}

/** The tables of a state in one task, by name. */
export type StateTables = (table: string) => StateTable<unknown>;

/** How questions are answered of the tables that an operator writes. */
export interface StateQueries {
  get(tables: StateTables, key: string): unknown;
  windows(tables: StateTables, key: string, from: number, to: number): readonly WindowedValue<unknown>[];
  range(
    tables: StateTables,
    range: KeyRange,
    limit: number,
  ): readonly (readonly [key: string, value: unknown])[];
}

/** Of a state whose rows are its records' keys. */
export const plainQueries: StateQueries = {
  get: (tables, key) => tables('rows').get(key)?.value,
  windows: () => [],
  range: (tables, range, limit) =>
    tables('rows')
      .page(range, limit)
      .map(([key, { value }]) => [key, value]),
};
