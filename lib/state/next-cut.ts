import type { OffsetCommit } from '../drivers/port.js';
import type { Cut } from './cut.js';
import { stateOf } from './numbers-under.js';
import type { StateHandle } from './state.js';

/** What is sealed of the states that lie in one place. */
interface SealedPlace {
  readonly states: readonly string[];
  /** All that are known there: those of states that lie elsewhere are as old as the last restore. */
  readonly numbers: Iterable<readonly [name: string, value: number]>;
}

/** What a unit is sealed with. */
interface UnitSealed {
  readonly number: number;
  readonly before: Cut | undefined;
  readonly offsets: readonly OffsetCommit[];
  readonly places: readonly SealedPlace[];
  readonly handles: readonly StateHandle<unknown, unknown>[];
}

/** The cut that all of a task's changelogs have in the unit. */
export function nextCut(unit: UnitSealed): Cut {
  const { number, before, offsets, handles } = unit;
  return {
    number,
    // An input that has not moved stands where it was.
    positions: {
      ...before?.positions,
      ...Object.fromEntries(offsets.map(({ topic, offset }) => [topic, offset])),
    },
    numbers: Object.fromEntries(numbersOf(unit)),
    rowsOf: Object.fromEntries(handles.map(({ name, rowsOf }) => [name, rowsOf])),
    ...versionsOf(handles),
  };
}

/** Of each state where it lies; of those that the topology has not, as they were: they may come back. */
function* numbersOf({
  before,
  places,
  handles,
}: UnitSealed): Generator<readonly [name: string, value: number]> {
  const present = new Set(handles.map(({ name }) => name));
  for (const one of Object.entries(before?.numbers ?? {})) if (!present.has(stateOf(one[0]))) yield one;
  for (const { states, numbers } of places)
    for (const one of numbers) if (states.includes(stateOf(one[0]))) yield one;
}

function versionsOf(handles: readonly StateHandle<unknown, unknown>[]): Pick<Cut, 'versions'> {
  const above = handles.filter(({ version }) => version > 1);
  if (above.length === 0) return {};
  return { versions: Object.fromEntries(above.map(({ name, version }) => [name, version])) };
}
