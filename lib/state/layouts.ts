import { Buffer } from 'node:buffer';
import type { SlidingWindows } from '../time/sliding.js';
import type { TimeWindow } from '../time/windows.js';
import { heldPlaces } from './processors/held-for.js';
import { slidingKeyIn, slidingRowKeys, slidingRowsOf, startOf } from './processors/sliding-rows.js';
import { timeAt, timeBytes, timeLength } from './processors/time-bytes.js';
import { rowsFrom, stretchesOf, type TimeOrder } from './rows-of-key.js';
import { plainQueries, type StateQueries, type StateTables, type WindowedValue } from './state-queries.js';
import type { Entry, ReadTable } from './state-table.js';
import type { StateLayout } from './table-layout.js';
import type { ValueFormat } from './value-format.js';

/** How an operator keeps its state, and how questions about it are answered. */
export interface Kept {
  readonly layout: StateLayout;
  /** What rows are of, such as `tumbling(60000)`: those of another are of no use to the operator. Default: by key. */
  readonly rowsOf?: string | undefined;
  readonly queries: StateQueries;
}

/** Behind each key of a window in a changelog, as Kafka Streams has it. */
const sequence = '\0\0\0\0';

/** One row a key. */
export const keptByKey: Kept = {
  layout: { rows: { values: 'state', log: 'rows' } },
  queries: plainQueries,
};

const asNumber: ValueFormat<unknown> = {
  encode: value => {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeDoubleBE(value as number);
    return bytes;
  },
  decode: bytes => bytes.readDoubleBE(),
};

/** One row a key, and timers of both kinds. */
export const keptWithTimers: Kept = {
  layout: {
    ...keptByKey.layout,
    'stream-timers': { values: asNumber, log: 'beside' },
    'stream-timers-by-due': { values: 'mark', log: 'beside' },
    'wall-timers': { values: asNumber, log: 'beside' },
    'wall-timers-by-due': { values: 'mark', log: 'beside' },
  },
  queries: plainQueries,
};

/** Rows of `WindowedAggregate`: the start, then the key. */
export function keptByGrid(endOf: (start: number) => number): Kept {
  return {
    layout: {
      rows: {
        values: 'state',
        log: 'rows',
        keys: {
          toLog: rowKey => logged(rowKey.slice(timeLength), rowKey.slice(0, timeLength)),
          fromLog: key => startIn(key) + keyIn(key),
        },
      },
    },
    queries: {
      windows: (tables, key, from, to) =>
        windowsIn(rowsInGrid(tables('rows'), key, from, to), rowKey => {
          const start = timeAt(rowKey, 0);
          return { start, end: endOf(start) };
        }),
      placeOf: (table, rowKey) => {
        const start = timeAt(rowKey, 0);
        return table === 'rows'
          ? { key: rowKey.slice(timeLength), window: { start, end: endOf(start) } }
          : undefined;
      },
    },
  };
}

/** Rows of `SlidingAggregate`; what waits to be closed follows from them, since how far that is stands in the cut. */
export function keptSliding({ differenceMs }: SlidingWindows): Kept {
  const rowKeyOf = slidingRowKeys(differenceMs);
  return {
    layout: {
      rows: {
        values: 'state',
        log: 'rows',
        keys: {
          toLog: rowKey => logged(slidingKeyIn(rowKey), rowKey.slice(-timeLength)),
          fromLog: key => rowKeyOf(keyIn(key), timeAt(startIn(key), 0)),
        },
        index: { table: 'closing', key: rowKey => rowKey.slice(-timeLength) + slidingKeyIn(rowKey) },
      },
      closing: { values: 'mark', log: 'no' },
    },
    queries: {
      windows: (tables, key, from, to) =>
        windowsIn(slidingRowsOf(tables('rows'), key, { from, to, differenceMs }), rowKey => {
          const start = startOf(rowKey);
          return { start, end: start + differenceMs };
        }),
      placeOf: (table, rowKey) => {
        const start = startOf(rowKey);
        return table === 'rows'
          ? { key: slidingKeyIn(rowKey), window: { start, end: start + differenceMs } }
          : undefined;
      },
    },
  };
}

/** Rows of `SessionAggregate`: the key, the end, the start, as in the changelog. */
export const keptBySession: Kept = {
  layout: {
    sessions: { values: 'state', log: 'rows' },
    // A session that grows stays where it is in them: what they hold does not follow from the rows.
    'sessions-by-end': { values: 'mark', log: 'beside' },
    'closed-sessions-by-end': { values: 'mark', log: 'beside' },
  },
  queries: {
    windows: (tables, key, from, to) =>
      sessionsIn(tables, key, from, ({ start }) => start >= from && start < to),
    placeOf: (table, rowKey) => {
      const at = rowKey.length - 2 * timeLength;
      return table === 'sessions' ? { key: rowKey.slice(0, at), window: sessionAt(rowKey, at) } : undefined;
    },
    sessions: (tables, key, from, to) =>
      sessionsIn(tables, key, from, ({ start, end }) => end >= from && start < to),
  },
};

/** @param from no session that is asked for ends before */
function sessionsIn(
  tables: StateTables,
  key: string,
  from: number,
  isAsked: (session: TimeWindow) => boolean,
): readonly WindowedValue<unknown>[] {
  return windowsIn(rowsFrom(tables('sessions'), key + timeBytes(from), `${key}\x01`), rowKey => {
    const at = rowKey.length - 2 * timeLength;
    if (at !== key.length) return undefined;
    const session = sessionAt(rowKey, at);
    return isAsked(session) ? session : undefined;
  });
}

function sessionAt(rowKey: string, at: number): TimeWindow {
  return { start: timeAt(rowKey, at + timeLength), end: timeAt(rowKey, at) };
}

const latin1: ValueFormat<unknown> = {
  // Of places, which are text.
  encode: one => Buffer.from(one as string, 'latin1'),
  decode: bytes => bytes.toString('latin1'),
};

/** Rows of a `SuppressBuffer`, and where each stands. Nothing is asked of them: what is held back is not said yet. */
export const keptSuppressed: Kept = {
  layout: {
    suppressed: { values: 'state-or-null', log: 'beside' },
    'suppressed-places': { values: latin1, log: 'beside' },
  },
  queries: { placeOf: () => undefined },
};

/** The same, and what is held back for a while: see `HeldFor`. */
export function keptHeld(kept: Kept): Kept {
  const held: StateLayout = {
    held: { values: 'state-or-null', log: 'beside' },
    'held-places': { values: heldPlaces as ValueFormat<unknown>, log: 'beside' },
  };
  return { ...kept, layout: { ...kept.layout, ...held } };
}

const sequenceLength = sequence.length;

/** As Kafka Streams has it. */
function logged(key: string, start: string): string {
  return key + start + sequence;
}

function startIn(logKey: string): string {
  return logKey.slice(-sequenceLength - timeLength, -sequenceLength);
}

function keyIn(logKey: string): string {
  return logKey.slice(0, -sequenceLength - timeLength);
}

const byStart: TimeOrder = { stretchMs: 1, headOf: key => key };

/** Those of one key; a longer one may begin with it. */
function* rowsInGrid(
  rows: ReadTable<unknown>,
  key: string,
  from: number,
  to: number,
): Generator<Entry<unknown>> {
  for (const rowKey of stretchesOf(rows, key, { from, to, order: byStart })) {
    const row = rows.get(rowKey);
    if (row !== undefined) yield [rowKey, row];
  }
}

function windowsIn(
  rows: Iterable<Entry<unknown>>,
  windowOf: (rowKey: string) => TimeWindow | undefined,
): readonly WindowedValue<unknown>[] {
  const found: WindowedValue<unknown>[] = [];
  for (const [rowKey, { value, timestamp }] of rows) {
    const window = windowOf(rowKey);
    if (window !== undefined) found.push({ ...window, value, timestamp });
  }
  return found;
}
