/** What a table holds under a key. */
export interface Row<T> {
  readonly value: T;
  /** Milliseconds since 1970: of the newest record in it. */
  readonly timestamp: number;
}

/** Which keys of a table, and in which order. */
export interface KeyRange {
  /** From this key on; default: from the first. */
  readonly from?: string | undefined;
  /** Below this key; default: to the last. */
  readonly to?: string | undefined;
  /** Greatest first. Default false. */
  readonly reverse?: boolean | undefined;
}

export type Entry<T> = readonly [key: string, row: Row<T>];

/** What can be read of a table. */
export interface ReadTable<T> {
  get(key: string): Row<T> | undefined;
  /**
   * The first rows of a range, as they are now: what is put or deleted afterwards changes nothing in the page.
   *
   * @param limit rows at most; the next page begins behind the last key of this one
   */
  page(range: KeyRange, limit: number): readonly Entry<T>[];
}

/**
 * A table of a state within one task, as operators see it: sorted by its keys, which are bytes as latin1 text, one character a byte: that
 * sorts as the bytes do. Everything is there at once, in the cut that is being made: what a unit of work drops is as if it had never been put.
 *
 * Values are the operator's own as long as the cut lasts, and bytes afterwards: nothing that a function of the user's keeps and
 * changes later changes what is committed.
 */
export interface StateTable<T> extends ReadTable<T> {
  put(key: string, row: Row<T>): void;
  delete(key: string): void;
}

/** Numbers that belong to the cut: the stream time of an operator, how far it has closed windows. */
export interface CutNumbers {
  get(name: string): number | undefined;
  set(name: string, value: number): void;
}
