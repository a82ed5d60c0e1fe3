/** Which operations are replayed, and which are another part's. */

/** Tables and joins are a later part of the library. */
const ofTablesAndJoins = /^(stream-|table-|versioned-table-|rekey-stream-table-|tumbling-count-total$)/;

export type Part = 'replayed' | 'tables and joins, a later part' | 'not supported yet';

/** @param has whether there is a topology for it */
export function partOf(op: string, has: boolean): Part {
  if (has) return 'replayed';
  return ofTablesAndJoins.test(op) ? 'tables and joins, a later part' : 'not supported yet';
}
