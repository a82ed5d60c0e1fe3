import type { OffsetCommit } from '../drivers/port.js';
import type { Cut } from './cut.js';
import type { StateHandle } from './state.js';

/** What a unit is sealed with. */
interface UnitSealed {
  readonly number: number;
  readonly before: Cut | undefined;
  readonly offsets: readonly OffsetCommit[];
  readonly numbers: Iterable<readonly [name: string, value: number]>;
  readonly handles: readonly StateHandle<unknown, unknown>[];
}

/** The cut that all of a task's changelogs have in the unit. */
export function nextCut({ number, before, offsets, numbers, handles }: UnitSealed): Cut {
  return {
    number,
    // An input that has not moved stands where it was.
    positions: {
      ...before?.positions,
      ...Object.fromEntries(offsets.map(({ topic, offset }) => [topic, offset])),
    },
    numbers: Object.fromEntries(numbers),
    rowsOf: Object.fromEntries(handles.map(({ name, rowsOf }) => [name, rowsOf])),
    ...versionsOf(handles),
  };
}

function versionsOf(handles: readonly StateHandle<unknown, unknown>[]): Pick<Cut, 'versions'> {
  const above = handles.filter(({ version }) => version > 1);
  if (above.length === 0) return {};
  return { versions: Object.fromEntries(above.map(({ name, version }) => [name, version])) };
}
