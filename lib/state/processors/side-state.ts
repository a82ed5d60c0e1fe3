import type { TimeBound } from '../../time/stream-time.js';
import type { CutNumbers, StateTable } from '../state-table.js';
import type { ProcessorState } from './processor.js';

/** The state of one side of a cogroup: the same tables, and numbers of its own. */
export class SideState implements ProcessorState {
  readonly numbers: CutNumbers;
  readonly timeBound: TimeBound | undefined;
  readonly #state: ProcessorState;
  readonly #seen: <T>(table: StateTable<T>) => StateTable<T>;

  /**
   * @param side what the names of its numbers begin with
   * @param seen the tables as this side sees them; default: as they are
   */
  constructor(
    state: ProcessorState,
    side: string,
    seen: <T>(table: StateTable<T>) => StateTable<T> = table => table,
  ) {
    const { numbers } = state;
    this.numbers = {
      get: name => numbers.get(`${side}.${name}`),
      set: (name, value) => numbers.set(`${side}.${name}`, value),
    };
    this.timeBound = state.timeBound;
    this.#state = state;
    this.#seen = seen;
  }

  table<T>(name: string): StateTable<T> {
    return this.#seen(this.#state.table<T>(name));
  }
}
