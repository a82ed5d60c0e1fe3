import type { CutNumbers, StateTable } from '../state-table.js';
import { behind, timeAt, timeBytes, timeLength } from './time-bytes.js';
import type { UndoLog } from './undo-log.js';

/** In the cut: 1 where rows may have come since that are not in the index. */
const left = 'indexLeft';

/**
 * The windows that wait to be closed, in order of their starts and keys, where rows lie in another order. Keys of its rows: the start, then the
 * record's key. A window that was handed on is deleted from it, and so no cursor is to be kept.
 */
export class ClosingIndex {
  readonly #waiting: StateTable<true>;
  readonly #numbers: CutNumbers;
  /** Nothing that waits begins before. */
  #earliest = 0;
  #closedTo = 0;
  /** All up to here are gone: the walk need not pass what was deleted. */
  #from = '';

  constructor(waiting: StateTable<true>, numbers: CutNumbers) {
    this.#waiting = waiting;
    this.#numbers = numbers;
  }

  /** Whoever emits updates keeps no index over the rows: it has to be made again. */
  static isLeft(numbers: CutNumbers): void {
    if (numbers.get(left) !== 1) numbers.set(left, 1);
  }

  /** @param rows all that there are, asked for where the index was left */
  load(rows: Iterable<{ readonly key: string; readonly start: number }>): void {
    this.#earliest = 0;
    this.#closedTo = this.#numbers.get('closedTo') ?? 0;
    this.#from = timeBytes(this.#closedTo);
    if (this.#numbers.get(left) !== 1) return;
    for (const { key, start } of rows)
      if (start >= this.#closedTo)
        this.#waiting.put(timeBytes(start) + key, { value: true, timestamp: start });
    this.#numbers.set(left, 0);
  }

  /** Windows that begin before this are all handed on. */
  get closedTo(): number {
    return this.#closedTo;
  }

  /** Where the first window begins that waits. */
  get first(): number | undefined {
    const first = this.#waiting.page({ from: this.#from }, 1)[0];
    return first && timeAt(first[0], 0);
  }

  /** @param undo is told of it */
  add(key: string, start: number, undo: UndoLog): void {
    const at = timeBytes(start) + key;
    this.#waiting.put(at, { value: true, timestamp: start });
    undo.did(this.#waiting, at, undefined);
    if (start < this.#earliest) this.#earliest = start;
  }

  /** @param undo is told of it */
  delete(key: string, start: number, undo: UndoLog): void {
    const at = timeBytes(start) + key;
    this.#waiting.delete(at);
    undo.did(this.#waiting, at, { value: true, timestamp: start });
  }

  /**
   * Hands on what begins before.
   *
   * @returns whether there may be more
   */
  close(before: number, limit: number, handOn: (key: string, start: number) => void): boolean {
    if (before <= this.#closedTo) return false;
    if (before > this.#earliest) {
      // One more than is handed on tells what to wait for.
      const page = this.#waiting.page({ from: this.#from }, limit + 1);
      let closed = 0;
      for (const [entry] of page) {
        const start = timeAt(entry, 0);
        this.#earliest = start;
        if (start >= before) break;
        if (closed === limit) return true;
        this.#waiting.delete(entry);
        this.#from = behind(entry);
        closed += 1;
        handOn(entry.slice(timeLength), start);
      }
      if (closed === page.length) this.#earliest = Number.POSITIVE_INFINITY;
      this.#from = timeBytes(before);
    }
    this.#closedTo = before;
    this.#numbers.set('closedTo', before);
    return false;
  }
}
