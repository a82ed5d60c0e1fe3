import type { Lying } from './lying.js';
import { layoutOf } from './state-formats.js';
import type { TableLayout } from './table-layout.js';

/** What a task has of one state now. */
export interface StateReading {
  readonly state: string;
  readonly partition: number;
  /** Rows with a value of the state, committed, estimated: whether a key was there is not always known. */
  readonly rows: number;
  /** Rows of all its tables that were changed since the last barrier. */
  readonly dirty: number;
  /** The largest timestamp that its operator has taken, milliseconds since 1970; undefined: none, or it goes by none. */
  readonly streamTime: number | undefined;
}

/** What a task has of all its states. */
export interface TaskReading {
  /** Such as `orders/0`. */
  readonly task: string;
  readonly states: readonly StateReading[];
  /** Bytes in memory of what is not in the backends yet, and of rows that were read lately; estimated. */
  readonly memoryBytes: number;
  /** Bytes that lie in the backends; undefined: none of them knows. */
  readonly backendBytes: number | undefined;
}

export function readingOf(task: string, partition: number, lying: readonly Lying[]): TaskReading {
  const states = lying.flatMap(({ backend, overlay, handles }) =>
    handles.map((handle): StateReading => {
      const { name } = handle;
      const tables = Object.entries(layoutOf(handle)).filter(([, layout]) => hasValues(layout));
      const rows = tables.reduce(
        (sum, [table]) => sum + (overlay.sizeOf(`${name}/${table}`) ?? backend.size(`${name}/${table}`)),
        0,
      );
      const dirty = overlay.dirtyOf(`${name}/`);
      return { state: name, partition, rows, dirty, streamTime: streamTimeOf(name, overlay.allNumbers) };
    }),
  );
  const known = lying.flatMap(({ backend }) => backend.bytes ?? []);
  return {
    task,
    states,
    memoryBytes: lying.reduce((sum, { overlay }) => sum + overlay.bytes, 0),
    backendBytes: known.length === 0 ? undefined : known.reduce((sum, bytes) => sum + bytes, 0),
  };
}

function hasValues({ values }: TableLayout): boolean {
  return values === 'state' || values === 'state-or-null';
}

/** Of several streams that come to one operator the largest. */
function streamTimeOf(state: string, numbers: ReadonlyMap<string, number>): number | undefined {
  const times = [...numbers]
    .filter(([name]) => name.startsWith(`${state}/`) && /[/.](streamTime|suppress-time)$/.test(name))
    .map(([, time]) => time);
  return times.length === 0 ? undefined : Math.max(...times);
}
