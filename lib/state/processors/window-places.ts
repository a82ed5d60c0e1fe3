import type { WindowGrid } from '../../time/window-grid.js';
import type { TimeWindow } from '../../time/windows.js';
import { timeBytes } from './time-bytes.js';

/** A window, with what the keys of its rows begin with. */
export interface WindowPlace {
  readonly window: TimeWindow;
  readonly prefix: string;
}

/** The windows that were asked for lately: most records are in those of the record before, and need no text of their own. */
export class WindowPlaces {
  readonly #grid: WindowGrid;
  readonly #places: (WindowPlace | undefined)[];
  readonly #mask: number;

  constructor(grid: WindowGrid) {
    this.#grid = grid;
    // Four times what one record is in, so that records out of order find theirs too.
    const size = 2 ** Math.ceil(Math.log2(Math.min(4096, Math.max(16, 4 * grid.overlap))));
    this.#places = new Array<WindowPlace | undefined>(size).fill(undefined);
    this.#mask = size - 1;
  }

  /** @param start one of the grid's */
  of(start: number): WindowPlace {
    const at = (start / this.#grid.step) & this.#mask;
    const kept = this.#places[at];
    if (kept !== undefined && kept.window.start === start) return kept;
    const window = Object.freeze({ start, end: this.#grid.end(start) });
    const place = { window, prefix: timeBytes(start) };
    this.#places[at] = place;
    return place;
  }
}
