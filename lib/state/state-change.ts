import type { TimeWindow } from '../time/windows.js';
import type { Changes } from './backend.js';
import { copyOfValue, timestampOf } from './row.js';
import type { StateQueries } from './state-queries.js';
import type { ValueFormat } from './value-format.js';

/** What a commit has changed of one key, or of one of its windows. @category State @since 0.2.0 */
export interface StateChange<K, V> {
  readonly key: K;
  /** Undefined: the state has one value a key. */
  readonly window: TimeWindow | undefined;
  /** Undefined: there is none any more; of a window also when its time is over. */
  readonly value: V | undefined;
  /** Milliseconds since 1970: of the newest record in it; of one that is deleted when that was, by the app's clock. */
  readonly timestamp: number;
}

/** The same with the key as bytes in latin1 text. */
export type RowChange = StateChange<string, unknown>;

/**
 * What users see of the changes of a cut, of one state, in the order of their rows.
 *
 * @param deletedAt milliseconds since 1970
 */
export function* rowChanges(
  state: string,
  changes: Changes,
  queries: Pick<StateQueries, 'placeOf'>,
  formatOf: (table: string) => ValueFormat<unknown> | undefined,
  deletedAt: number,
): Generator<RowChange> {
  for (const [name, rows] of changes) {
    if (!name.startsWith(`${state}/`)) continue;
    const format = formatOf(name);
    for (const [rowKey, row] of rows) {
      const place = queries.placeOf(name.slice(state.length + 1), rowKey);
      if (place === undefined || format === undefined) continue;
      const { key, window } = place;
      yield row === null
        ? { key, window, value: undefined, timestamp: deletedAt }
        : { key, window, value: format.decode(copyOfValue(row)), timestamp: timestampOf(row) };
    }
  }
}
