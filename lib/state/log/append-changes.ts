import type { Buffer } from 'node:buffer';
import type { Headers } from '../../record/headers.js';
import type { Changes } from '../backend.js';
import { timestampOf, valueIn } from '../row.js';
import type { LogRecords } from './log-record.js';
import { headersOfTime } from './time-ahead.js';

/** What one record of a changelog is appended by. */
export type LogAppend = (
  key: Buffer,
  value: Buffer | null,
  timestamp: number,
  /** Beside those of all of them. */
  headers?: Headers,
) => void;

/**
 * The changes of a cut, of one state, as records of its changelog.
 *
 * @param now milliseconds since 1970: no record is dated later. A deletion has no time of its own
 * @returns how many
 */
export function appendChanges(
  state: string,
  changes: Changes,
  records: LogRecords | undefined,
  now: number,
  append: LogAppend,
): number {
  let appended = 0;
  for (const [table, rows] of changes) {
    if (!table.startsWith(`${state}/`)) continue;
    const name = table.slice(state.length + 1);
    for (const [key, row] of rows) {
      const logged = records?.keyOf(name, key);
      if (logged === undefined) continue;
      appended++;
      const timestamp = row === null ? now : timestampOf(row);
      if (row === null) append(logged, null, now);
      else if (timestamp <= now) append(logged, valueIn(row), timestamp);
      else append(logged, valueIn(row), now, records?.isDated(name) ? headersOfTime(timestamp) : undefined);
    }
  }
  return appended;
}
