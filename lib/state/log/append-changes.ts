import type { Buffer } from 'node:buffer';
import type { Changes } from '../backend.js';
import { timestampOf, valueIn } from '../row.js';
import type { LogRecords } from './log-record.js';

/** What one record of a changelog is appended by. */
export type LogAppend = (key: Buffer, value: Buffer | null, timestamp: number) => void;

/**
 * The changes of a cut, of one state, as records of its changelog.
 *
 * @param deletedAt milliseconds since 1970: a deletion has no time of its own
 * @returns how many
 */
export function appendChanges(
  state: string,
  changes: Changes,
  records: LogRecords | undefined,
  deletedAt: number,
  append: LogAppend,
): number {
  let appended = 0;
  for (const [table, rows] of changes) {
    if (!table.startsWith(`${state}/`)) continue;
    for (const [key, row] of rows) {
      const logged = records?.keyOf(table.slice(state.length + 1), key);
      if (logged === undefined) continue;
      appended++;
      if (row === null) append(logged, null, deletedAt);
      else append(logged, valueIn(row), timestampOf(row));
    }
  }
  return appended;
}
