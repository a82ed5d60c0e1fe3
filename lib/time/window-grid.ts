import type { CalendarUnit, CalendarWindows } from './calendar.js';
import type { UnlimitedWindows } from './unlimited.js';
import type { GridWindows, TimeWindow } from './windows.js';

/** Where windows begin and end that depend on no record. Times are milliseconds since 1970. */
export interface WindowGrid {
  /** The start of the first window that ends behind a moment: unless all begin behind it, the first that it is in. */
  first(timestamp: number): number;
  /** The start of the window behind the one with this start. Infinity: there is none. */
  next(start: number): number;
  end(start: number): number;
  /** How many windows of one moment there are at most. */
  readonly overlap: number;
  /** Two windows seldom begin closer to each other, milliseconds. */
  readonly step: number;
}

/**
 * The windows of a grid that a moment is in, in order of their starts. Those of sessions and sliding windows depend on the records before.
 *
 * @param timestamp milliseconds since 1970, from 0 up
 */
export function windowsOf(windows: GridWindows, timestamp: number): readonly TimeWindow[] {
  const grid = gridOf(windows);
  const found: TimeWindow[] = [];
  for (let start = grid.first(timestamp); start <= timestamp; start = grid.next(start)) {
    found.push({ start, end: grid.end(start) });
  }
  return found;
}

/** No window is longer, milliseconds. */
export function longestOf(windows: Exclude<GridWindows, UnlimitedWindows>): number {
  return windows.kind === 'calendar' ? windows.mostSizeMs : windows.sizeMs;
}

export function gridOf(windows: GridWindows): WindowGrid {
  switch (windows.kind) {
    case 'tumbling':
      return new EvenGrid(windows.sizeMs, windows.sizeMs);
    case 'hopping':
      return new EvenGrid(windows.sizeMs, windows.advanceMs);
    case 'calendar':
      return new CalendarGrid(windows);
    case 'unlimited':
      return new OneWindow(windows.startMs);
  }
}

/** Windows of one size that begin at the multiples of a step, the first at 0. */
class EvenGrid implements WindowGrid {
  readonly overlap: number;
  readonly step: number;
  readonly #size: number;

  constructor(size: number, advance: number) {
    this.#size = size;
    this.step = advance;
    this.overlap = Math.ceil(size / advance);
  }

  first(timestamp: number): number {
    const earliest = timestamp - this.#size + this.step;
    // Exact for every safe integer, and five times faster than the remainder of numbers beyond 32 bits.
    return earliest <= 0 ? 0 : Math.floor(earliest / this.step) * this.step;
  }

  next(start: number): number {
    return start + this.step;
  }

  end(start: number): number {
    return start + this.#size;
  }
}

const dayMs = 86_400_000;
const usualMs: Readonly<Record<CalendarUnit, number>> = {
  hour: dayMs / 24,
  day: dayMs,
  week: 7 * dayMs,
  month: 28 * dayMs,
};

/** Windows of several sizes, one behind the other; the first begins at 0. */
class CalendarGrid implements WindowGrid {
  readonly overlap = 1;
  readonly step: number;
  readonly #windows: CalendarWindows;

  constructor(windows: CalendarWindows) {
    this.#windows = windows;
    this.step = usualMs[windows.unit];
  }

  first(timestamp: number): number {
    return this.#windows.windowOf(Math.max(0, timestamp)).start;
  }

  next(start: number): number {
    return this.end(start);
  }

  end(start: number): number {
    return this.#windows.windowOf(start).end;
  }
}

class OneWindow implements WindowGrid {
  readonly overlap = 1;
  readonly step = 1;
  readonly #start: number;

  constructor(start: number) {
    this.#start = start;
  }

  first(): number {
    return this.#start;
  }

  next(): number {
    return Number.POSITIVE_INFINITY;
  }

  end(): number {
    return Number.POSITIVE_INFINITY;
  }
}
