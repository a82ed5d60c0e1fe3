import { oneOf, required, whole } from '../base/option-kinds.js';
import type { Fields } from '../base/option-schema.js';
import type { TimeWindow } from '../time/windows.js';
import type { KeyRange, ReadTable } from './state-table.js';

/** One value of a windowed state. @category State @since 0.2.0 */
export interface WindowedValue<V> extends TimeWindow {
  readonly value: V;
  /** Milliseconds since 1970, of the newest record in it. */
  readonly timestamp: number;
}

/** What an answer is of: what is committed, or also what is not yet. */
export type StateRead = 'committed' | 'latest';

/** @category State @since 0.2.0 */
export interface ReadOptions {
  /**
   * `'committed'`: as of the last commit of the task, which nothing takes back; `'latest'`: with what records since have made, which is made again,
   * and maybe otherwise, where their unit is dropped. Default `'committed'` under exactly once, as its outputs are seen; else `'latest'`.
   */
  readonly read?: StateRead | undefined;
}

/** @category State @since 0.2.0 */
export interface WindowsOptions extends ReadOptions {
  /** Milliseconds since 1970. Default: the first. */
  readonly from?: number | undefined;
  /** Milliseconds since 1970, itself not in it. Default: the last. */
  readonly to?: number | undefined;
}

/** Of `range`, here and in `withState`: how many answers at most. */
export const limitKind = required(whole(1, { endless: true }));

export const readOptions: Fields<ReadOptions> = { read: oneOf('committed', 'latest') };
export const windowsOptions: Fields<WindowsOptions> = {
  ...readOptions,
  from: whole(0, { endless: true }),
  to: whole(0, { endless: true }),
};

/** The tables of a state in one task, by name. */
export type StateTables = (table: string) => ReadTable<unknown>;

/** Of what a row is. */
export interface RowPlace {
  /** As bytes in latin1 text. */
  readonly key: string;
  readonly window: TimeWindow | undefined;
}

export const stateQuestions = ['get', 'range', 'windows', 'sessions'] as const;
export type StateQuestion = (typeof stateQuestions)[number];

/** How questions are answered of the tables that an operator writes; those that have no answer are not there. */
export interface StateQueries {
  get?(tables: StateTables, key: string): unknown;
  windows?(tables: StateTables, key: string, from: number, to: number): readonly WindowedValue<unknown>[];
  sessions?(tables: StateTables, key: string, from: number, to: number): readonly WindowedValue<unknown>[];
  range?(
    tables: StateTables,
    range: KeyRange,
    limit: number,
  ): readonly (readonly [key: string, value: unknown])[];
  /** Undefined: users see nothing of the row. */
  placeOf(table: string, rowKey: string): RowPlace | undefined;
}

/** Of a state whose rows are its records' keys. */
export const plainQueries: StateQueries = {
  get: (tables, key) => tables('rows').get(key)?.value,
  placeOf: (table, key) => (table === 'rows' ? { key, window: undefined } : undefined),
  range: (tables, range, limit) =>
    tables('rows')
      .page(range, limit)
      .map(([key, { value }]) => [key, value]),
};
