import { Queue } from '../../base/queue.js';

/** What has turns: `turn` says where it stands, and is changed here only. */
export interface TakesTurns {
  turn: Turn;
}

/** `none`: it has nothing to do, as far as anybody said; `queued`: its turn comes; `blocked`: none until it may go on. */
export type Turn = 'none' | 'queued' | 'blocked';

/**
 * Who has something to do, first come, first served: with thousands of partitions of which a few have records, looking
 * for one of those is not to cost more than with four. Whoever gets work, or may work again, is offered; nobody is looked for.
 */
export class Turns<T extends TakesTurns> {
  readonly #queue = new Queue<T>();
  #blocked = 0;

  /** Somebody is blocked. */
  get anyBlocked(): boolean {
    return this.#blocked > 0;
  }

  /** Whose turn it is. It keeps its place until `take`. */
  get next(): T | undefined {
    return this.#queue.peek();
  }

  /** It has something to do: behind all others, unless its turn comes already or it is blocked. */
  offer(one: T): void {
    if (one.turn !== 'none') return;
    one.turn = 'queued';
    this.#queue.push(one);
  }

  /** Takes the next from the queue; it has to be offered for another turn. */
  take(): void {
    const one = this.#queue.shift();
    if (one !== undefined) one.turn = 'none';
  }

  /** Takes the next from the queue, and lets nobody offer it before it may go on. */
  block(): void {
    const one = this.#queue.shift();
    if (one === undefined) return;
    one.turn = 'blocked';
    this.#blocked++;
  }

  /** It may work again, and has to be offered if there is work. */
  unblock(one: T): void {
    if (one.turn !== 'blocked') return;
    one.turn = 'none';
    this.#blocked--;
  }
}
