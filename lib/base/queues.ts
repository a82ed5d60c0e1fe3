const none = -1;

/**
 * Many first-in-first-out queues under small numbers, all in one store with O(1) push and shift. A queue is two numbers,
 * so what this costs goes by what waits, not by how many queues there are: thousands that hold a few items each would
 * otherwise be thousands of rings, each cold when its turn comes. Where there is one queue, `Queue` is quicker.
 */
export class Queues<T> {
  readonly #items: (T | undefined)[] = [];
  /** Per place of an item: the place of the one behind it in its queue, of the oldest for the newest; or the next free place. */
  #behind: Int32Array = new Int32Array(64);
  /** Per queue: the place of its newest item. */
  #newest: Int32Array = new Int32Array(16).fill(none);
  /** The place that was freed last. */
  #free = none;
  /** Places used since all was empty; from here on none was. */
  #used = 0;
  #length = 0;

  /** @param queue its number, from 0; they should lie close together */
  push(queue: number, item: T): void {
    const place = this.#place();
    this.#items[place] = item;
    if (queue >= this.#newest.length) this.#newest = grown(this.#newest, queue);
    const newest = this.#newest[queue] ?? none;
    if (newest === none) this.#behind[place] = place;
    else {
      this.#behind[place] = this.#behind[newest] ?? place;
      this.#behind[newest] = place;
    }
    this.#newest[queue] = place;
    this.#length++;
  }

  shift(queue: number): T | undefined {
    const newest = this.#newest[queue] ?? none;
    if (newest === none) return undefined;
    const place = this.#behind[newest] ?? newest;
    const item = this.#items[place];
    this.#items[place] = undefined;
    if (place === newest) this.#newest[queue] = none;
    else this.#behind[newest] = this.#behind[place] ?? newest;
    if (--this.#length === 0) {
      // From the front again: what is pushed in a row lies in a row, however it was freed.
      this.#used = 0;
      this.#free = none;
    } else {
      this.#behind[place] = this.#free;
      this.#free = place;
    }
    return item;
  }

  #place(): number {
    const free = this.#free;
    if (free !== none) {
      this.#free = this.#behind[free] ?? none;
      return free;
    }
    const place = this.#used++;
    if (place >= this.#behind.length) this.#behind = grown(this.#behind, place);
    return place;
  }
}

/** The same numbers and room for one at this index, doubled. */
function grown(numbers: Int32Array, index: number): Int32Array {
  let length = numbers.length;
  while (length <= index) length *= 2;
  const longer = new Int32Array(length).fill(none);
  longer.set(numbers);
  return longer;
}
