import type { Overlay } from './overlay.js';
import type { StateHandle } from './state.js';
import { layoutOf } from './state-formats.js';
import type { StateTable } from './state-table.js';

/** Of a table that is emptied. */
const rowsAtOnce = 10_000;

/** All of a state goes, in the cut that is being made, so that the changelog has tombstones for what was there. */
export function emptyState(
  handle: StateHandle<unknown, unknown>,
  overlay: Pick<Overlay, 'forgetNumbers'>,
  tableOf: (table: string) => StateTable<unknown>,
): void {
  for (const of of Object.keys(layoutOf(handle))) {
    const table = tableOf(of);
    for (let rows = table.page({}, rowsAtOnce); rows.length > 0; rows = table.page({}, rowsAtOnce)) {
      for (const [key] of rows) table.delete(key);
    }
  }
  overlay.forgetNumbers(`${handle.name}/`);
}
