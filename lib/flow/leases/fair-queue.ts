import { Queue } from '../../base/queue.js';

/**
 * A queue whose items are of parties that take turns: whoever has queued much keeps nobody waiting who has little. What one party has comes
 * in the order of its arrival. Items of nobody (party 0) go before the others; where there are no others, it is a plain queue.
 *
 * ```
 * pushed    a1 a2 a3 b1 b2 c1
 * shifted   a1 b1 c1 a2 b2 a3
 * ```
 */
export class FairQueue<T> {
  readonly #ofNobody = new Queue<T>();
  /** By party. They stay when they are empty: parties are few, and come again. */
  readonly #lines = new Map<number, Queue<T>>();
  /** Those that are not empty, by whose turn is next. */
  readonly #turns = new Queue<Queue<T>>();

  get isEmpty(): boolean {
    return this.#ofNobody.length === 0 && this.#turns.length === 0;
  }

  push(item: T, party: number): void {
    if (party === 0) {
      this.#ofNobody.push(item);
      return;
    }
    let line = this.#lines.get(party);
    if (line === undefined) {
      line = new Queue<T>();
      this.#lines.set(party, line);
    }
    line.push(item);
    if (line.length === 1) this.#turns.push(line);
  }

  /** What is next; undefined: nothing is there. */
  shift(): T | undefined {
    if (this.#turns.length === 0 || this.#ofNobody.length > 0) return this.#ofNobody.shift();
    const line = this.#turns.shift();
    const item = line?.shift();
    if (line !== undefined && line.length > 0) this.#turns.push(line);
    return item;
  }

  /** Takes all of it, in the order in which it would have come. */
  drain(): T[] {
    const items: T[] = [];
    for (let item = this.shift(); item !== undefined; item = this.shift()) items.push(item);
    return items;
  }

  clear(): void {
    this.#ofNobody.clear();
    this.#lines.clear();
    this.#turns.clear();
  }
}
