import type { Row, StateTable } from '../state-table.js';

/**
 * What was put so far of what is put whole or not at all: the rules of rows may refuse any of it. It is told of a put that has passed, since one that was
 * refused has changed nothing.
 */
export class UndoLog {
  readonly #done: {
    readonly table: StateTable<unknown>;
    readonly at: string;
    readonly before: Row<unknown> | undefined;
  }[] = [];

  /** @param before undefined: there was none */
  did<T>(table: StateTable<T>, at: string, before: Row<T> | undefined): void {
    // It is handed back what it had.
    this.#done.push({ table: table as StateTable<unknown>, at, before });
  }

  /** All is as it was, the last first. */
  undo(): void {
    for (let one = this.#done.pop(); one !== undefined; one = this.#done.pop()) {
      const { table, at, before } = one;
      if (before !== undefined) table.put(at, before);
      // A table that hides rows has put none, and one that it hides is another's.
      else if (table.get(at) !== undefined) table.delete(at);
    }
  }

  /** What was put stays. */
  clear(): void {
    this.#done.length = 0;
  }

  /** Puts whole, or not at all. */
  whole(put: () => void): void {
    try {
      put();
    } catch (cause) {
      this.undo();
      throw cause;
    }
    this.clear();
  }
}
