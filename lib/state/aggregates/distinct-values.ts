/**
 * A set of texts that only grows, in the order of their arrival. Adding gives another set and leaves this one as it is, without a copy:
 * all that came of one share a list, of which each sees so many. Only who adds to one that is not the newest of its list pays for a copy.
 */
export class DistinctValues {
  static readonly none = new DistinctValues([], new Map(), 0);

  readonly #list: string[];
  /** Places in the list; those from `size` on are of later sets. */
  readonly #places: Map<string, number>;
  readonly size: number;

  private constructor(list: string[], places: Map<string, number>, size: number) {
    this.#list = list;
    this.#places = places;
    this.size = size;
  }

  has(value: string): boolean {
    const place = this.#places.get(value);
    return place !== undefined && place < this.size;
  }

  with(value: string): DistinctValues {
    if (this.has(value)) return this;
    const isNewest = this.size > 0 && this.#list.length === this.size;
    const list = isNewest ? this.#list : this.values();
    const places = isNewest ? this.#places : new Map(list.map((each, place) => [each, place]));
    places.set(value, list.length);
    list.push(value);
    return new DistinctValues(list, places, list.length);
  }

  values(): string[] {
    return this.#list.slice(0, this.size);
  }
}
