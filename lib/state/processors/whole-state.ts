import type { TimeBound } from '../../time/stream-time.js';
import type { CutNumbers, StateTable } from '../state-table.js';
import type { ProcessorState } from './processor.js';
import { UndoLog } from './undo-log.js';

/** A state of several processors, one in front of the other, in which what they do to rows together is done whole, or not at all. */
export class WholeState implements ProcessorState {
  readonly numbers: CutNumbers;
  readonly timeBound: TimeBound | undefined;
  readonly #state: ProcessorState;
  readonly #undo = new UndoLog();
  #isOpen = false;

  constructor(state: ProcessorState) {
    this.numbers = state.numbers;
    this.timeBound = state.timeBound;
    this.#state = state;
  }

  /** Where it throws, rows are as they were. */
  whole(change: () => void): void {
    this.#isOpen = true;
    try {
      this.#undo.whole(change);
    } finally {
      this.#isOpen = false;
    }
  }

  table<T>(name: string): StateTable<T> {
    const table = this.#state.table<T>(name);
    const changing = (key: string, change: () => void): void => {
      if (!this.#isOpen) {
        change();
        return;
      }
      const before = table.get(key);
      change();
      this.#undo.did(table, key, before);
    };
    return {
      get: key => table.get(key),
      page: (range, limit) => table.page(range, limit),
      put: (key, row) => changing(key, () => table.put(key, row)),
      delete: key => changing(key, () => table.delete(key)),
    };
  }
}
