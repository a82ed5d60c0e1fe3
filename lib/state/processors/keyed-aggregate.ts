import type { StateTable } from '../state-table.js';
import type { Fold } from './fold.js';
import type { Processor, ProcessorOutput, ProcessorState } from './processor.js';

/** One aggregate a key, for ever. Keys of its rows: the records'. */
export class KeyedAggregate<V, A> implements Processor<V, A> {
  readonly #rows: StateTable<A>;
  readonly #fold: Fold<V, A>;

  constructor(state: ProcessorState, fold: Fold<V, A>) {
    this.#rows = state.table('rows');
    this.#fold = fold;
  }

  take(key: string | undefined, value: V | null, timestamp: number, output: ProcessorOutput<A>): void {
    if (key === undefined) {
      output.notTaken('null-key', undefined);
      return;
    }
    if (value === null) {
      output.notTaken('null-value', undefined);
      return;
    }
    const row = this.#rows.get(key);
    const next = this.#fold(row?.value, value, key);
    const newest = row !== undefined && row.timestamp > timestamp ? row.timestamp : timestamp;
    if (next !== null) this.#rows.put(key, { value: next, timestamp: newest });
    else if (row !== undefined) this.#rows.delete(key);
    output.result(key, undefined, next, newest, row === undefined);
  }

  /** Nothing is ever closed. */
  close(): boolean {
    return false;
  }

  /** Nothing is remembered. */
  reset(): void {}
}
