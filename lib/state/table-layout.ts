import type { ValueFormat } from './value-format.js';

/** Keys in a table and in its changelog, bytes as latin1 text. */
export interface LogKeys {
  toLog(key: string): string;
  fromLog(key: string): string;
}

/** How a table of a state is kept. */
export interface TableLayout {
  /** `state`: by the codec of the state's values; `state-or-null`: so, and null is a value too; `mark`: it says nothing but that it is there. */
  readonly values: 'state' | 'state-or-null' | 'mark' | ValueFormat<unknown>;
  /**
   * Where its rows are in the changelog: `rows`, under keys as Kafka Streams has them; `beside`, under names of our own; `no`: they follow from
   * those of the table that names it in `index`.
   */
  readonly log: 'rows' | 'beside' | 'no';
  /** Of `rows`. Default: the key as it is. */
  readonly keys?: LogKeys | undefined;
  /** The table that has a mark for each row of this one, and under which key. */
  readonly index?: { readonly table: string; key(key: string): string } | undefined;
}

/** The tables of a state by name, as the operator that writes it has them. */
export type StateLayout = Readonly<Record<string, TableLayout>>;
