import type { Change, Changes, Checkpoint, StateBackend } from '../../lib/state/backend.js';
import { rowOf, timestampOf, valueIn } from '../../lib/state/row.js';
import type { ValueFormat } from '../../lib/state/value-format.js';

/** A backend under test, on something that can outlive it. */
export interface BackendTested {
  open(): Promise<StateBackend>;
  /** As a process that dies: the backend is never closed. What it leaves is another's. */
  crash(backend: StateBackend): Promise<void>;
  /** What it leaves goes. */
  dispose(): Promise<void>;
  /** Whether a crash leaves the rows. */
  readonly outlives: boolean;
}

/** Names and values are texts; a value's timestamp is its length. */
export type Written = readonly [key: string, value: string | null];

export function changes(tables: Readonly<Record<string, readonly Written[]>>): Changes {
  return new Map(Object.entries(tables).map(([table, written]) => [table, written.map(change)]));
}

function change([key, value]: Written): Change {
  return [key, value === null ? null : rowOf(Buffer.from(value, 'latin1'), value.length)];
}

export function checkpoint(commitNumber: number, offset = commitNumber * 10): Checkpoint {
  return {
    commitNumber,
    positions: new Map([['log', { topicId: 'id', offset }]]),
    numbers: new Map([['time', commitNumber]]),
    time: Date.now(),
  };
}

export function shown(row: Buffer | undefined): string | undefined {
  if (row === undefined) return undefined;
  const value = valueIn(row).toString('latin1');
  expect(timestampOf(row)).toBe(value.length);
  return value;
}

/** Everything in a table, page by page. */
export function rowsOf(backend: StateBackend, table: string, limit = 3): [string, string | undefined][] {
  const found: [string, string | undefined][] = [];
  for (let from = ''; ; ) {
    const page = backend.page(table, { from }, limit);
    found.push(...page.map(([key, row]): [string, string | undefined] => [key, shown(row)]));
    const last = page.at(-1);
    if (last === undefined) return found;
    from = `${last[0]}\0`;
  }
}

/** A value of its own for each read, that its reader may change. */
export interface Note {
  text: string;
}

export const notes: ValueFormat<Note> = {
  encode: note => Buffer.from(note.text, 'latin1'),
  decode: bytes => ({ text: bytes.toString('latin1') }),
};

export const numbers: ValueFormat<number> = {
  encode: value => Buffer.from(String(value)),
  decode: bytes => Number(bytes.toString()),
};

/** Keys that sort in other ways as texts of a language, or do not fit into an LMDB key. */
const longKey = 'l'.repeat(1900);
export const oddKeys = [
  ...['', '\0', '\0\0', '\x01', 'a', 'a\0', 'ab', 'b', '\x7f', '\x80', '\xff', '\xff\xff'],
  ...[longKey, `${longKey}a`, `${longKey}b`, `${longKey}b${'x'.repeat(500)}`, `${longKey}c`, 'l', 'm'],
  ...[`${'l'.repeat(1899)}k`, `${'l'.repeat(1899)}m`, `${'l'.repeat(1899)}mm`],
];
