import { type KeyCursor, SortedKeys } from './sorted-keys.js';
import type { KeyRange } from './state-table.js';

/**
 * A map whose keys can be walked in order. They are sorted when that is first asked for and kept so from then on: who puts and walks in
 * turn pays for neither anew, and who never walks pays nothing.
 */
export class SortedMap<E> {
  readonly #entries = new Map<string, E>();
  #keys: SortedKeys | undefined;

  /** @param sorted true: sorted from the first on, for maps that grow so large that to sort them at once would hold up the process */
  constructor(sorted = false) {
    if (sorted) this.#keys = new SortedKeys();
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): E | undefined {
    return this.#entries.get(key);
  }

  set(key: string, entry: E): void {
    const before = this.#keys === undefined ? 0 : this.#entries.size;
    this.#entries.set(key, entry);
    if (this.#keys !== undefined && this.#entries.size > before) this.#keys.add(key);
  }

  delete(key: string): void {
    if (this.#entries.delete(key)) this.#keys?.remove(key);
  }

  /** In the order of their first putting. */
  entries(): MapIterator<[string, E]> {
    return this.#entries.entries();
  }

  sortedKeys(): string[] {
    return [...this.#entries.keys()].sort();
  }

  walk(range: KeyRange): KeyCursor {
    this.#keys ??= SortedKeys.of(this.sortedKeys());
    return this.#keys.walk(range);
  }
}
