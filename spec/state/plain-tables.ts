import type { ProcessorState } from '../../lib/state/processors/processor.js';
import type { CutNumbers, Entry, KeyRange, Row, StateTable } from '../../lib/state/state-table.js';

/** A task's state as nothing but maps, with what a unit of work does to it. */
export class PlainState implements ProcessorState {
  readonly numbers: PlainNumbers;
  readonly #tables: Map<string, PlainTable<unknown>>;

  constructor(numbers = new PlainNumbers(), tables = new Map<string, PlainTable<unknown>>()) {
    this.numbers = numbers;
    this.#tables = tables;
  }

  table<T>(name: string): PlainTable<T> {
    const table = this.#tables.get(name) ?? new PlainTable<unknown>();
    this.#tables.set(name, table);
    // Whoever names a table says what it holds.
    return table as PlainTable<T>;
  }

  /** The same as another process finds it: in objects of its own. */
  restarted(): PlainState {
    this.commit();
    const tables = [...this.#tables].map(([name, table]) => [name, table.copy()] as const);
    return new PlainState(this.numbers.copy(), new Map(tables));
  }

  commit(): void {
    this.numbers.commit();
    for (const table of this.#tables.values()) table.commit();
  }

  /** All is as it was at the last commit: processors must forget what they remember. */
  abort(): void {
    this.numbers.abort();
    for (const table of this.#tables.values()) table.abort();
  }

  /** All of it, to be compared. */
  contents(): unknown {
    const tables = [...this.#tables].map(([name, table]) => [name, table.page({}, Number.POSITIVE_INFINITY)]);
    return { numbers: this.numbers.contents(), tables: Object.fromEntries(tables) };
  }
}

export class PlainTable<T> implements StateTable<T> {
  #rows: Map<string, Row<T>>;
  #committed: ReadonlyMap<string, Row<T>>;
  /** Undefined: to be sorted anew. */
  #keys: readonly string[] | undefined;

  constructor(rows: ReadonlyMap<string, Row<T>> = new Map()) {
    this.#committed = rows;
    this.#rows = copied(rows);
  }

  get(key: string): Row<T> | undefined {
    return this.#rows.get(key);
  }

  put(key: string, row: Row<T>): void {
    if (!this.#rows.has(key)) this.#keys = undefined;
    this.#rows.set(key, row);
  }

  delete(key: string): void {
    if (this.#rows.delete(key)) this.#keys = undefined;
  }

  page({ from, to, reverse = false }: KeyRange, limit: number): readonly Entry<T>[] {
    this.#keys ??= [...this.#rows.keys()].sort();
    const found = this.#keys.filter(
      key => (from === undefined || key >= from) && (to === undefined || key < to),
    );
    if (reverse) found.reverse();
    return found.slice(0, limit).map(key => [key, present(this.#rows.get(key))] as const);
  }

  copy(): PlainTable<T> {
    return new PlainTable(this.#committed);
  }

  commit(): void {
    this.#committed = copied(this.#rows);
  }

  abort(): void {
    this.#rows = copied(this.#committed);
    this.#keys = undefined;
  }
}

export class PlainNumbers implements CutNumbers {
  #numbers: Map<string, number>;
  #committed: ReadonlyMap<string, number>;

  constructor(numbers: ReadonlyMap<string, number> = new Map()) {
    this.#committed = numbers;
    this.#numbers = new Map(numbers);
  }

  get(name: string): number | undefined {
    return this.#numbers.get(name);
  }

  set(name: string, value: number): void {
    this.#numbers.set(name, value);
  }

  copy(): PlainNumbers {
    return new PlainNumbers(this.#committed);
  }

  commit(): void {
    this.#committed = new Map(this.#numbers);
  }

  abort(): void {
    this.#numbers = new Map(this.#committed);
  }

  contents(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#numbers].sort());
  }
}

/** In objects of its own, as bytes would be. */
function copied<T>(rows: ReadonlyMap<string, Row<T>>): Map<string, Row<T>> {
  return structuredClone(new Map(rows));
}

function present<T>(row: Row<T> | undefined): Row<T> {
  if (row === undefined) throw new Error('a key without its row');
  return row;
}
