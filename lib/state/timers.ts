import { KafkaRxError } from '../errors/errors.js';
import { Front } from './processors/front.js';
import type { ProcessorState } from './processors/processor.js';
import { timeAt, timeBytes } from './processors/time-bytes.js';
import type { UndoLog } from './processors/undo-log.js';
import type { Entry, StateTable } from './state-table.js';
import { readTerminated, terminated } from './terminated.js';

export interface Timer {
  /** Milliseconds since 1970. */
  readonly due: number;
  /** The record key that it was set for, as bytes in latin1. */
  readonly key: string;
  /** Tells the timers of a key apart. */
  readonly name: string;
}

/**
 * The timers of a task in one kind of time, which belong to the cut: a timer that was set fires after a restart too, and one that fired in
 * a unit that was aborted fires again. There is one timer of a key and name: setting it again moves it. They fire in the order of due time, key and
 * name, which is that of their rows; a second table finds the row of a key and name.
 */
export class Timers {
  readonly #byDue: StateTable<null>;
  readonly #dues: StateTable<number>;
  /** No timer is due before. */
  #earliest = 0;
  readonly #front = new Front();
  /** Counts what changes timers beside their firing. */
  #changes = 0;
  #firing: Timer | undefined;

  /** @param name of the tables, unique in the state: timers in stream time and in wall time have tables of their own */
  constructor(state: ProcessorState, name: string) {
    this.#byDue = state.table(`${name}-by-due`);
    this.#dues = state.table(name);
  }

  /**
   * Sets a timer, or moves it.
   *
   * @param due a safe integer of at least 0; in the past: it fires next
   * @param name text in latin1
   * @param undo is told of it
   * @throws KafkaRxError `PROCESS` if a timer that fires sets itself for a time that is not later, which would not end
   */
  set(due: number, key: string, name: string, undo?: UndoLog): void {
    const firing = this.#firing;
    if (firing !== undefined && firing.key === key && firing.name === name && due <= firing.due)
      throw setForNow(name);
    if (!this.#delete(key, name, undo)) this.#changes++;
    const text = terminated(key) + name;
    const at = timeBytes(due) + text;
    this.#byDue.put(at, { value: null, timestamp: due });
    undo?.did(this.#byDue, at, undefined);
    this.#front.put(at);
    this.#dues.put(text, { value: due, timestamp: due });
    undo?.did(this.#dues, text, undefined);
    if (due < this.#earliest) this.#earliest = due;
  }

  /**
   * @param undo is told of it
   * @returns whether it was set
   */
  cancel(key: string, name: string, undo?: UndoLog): boolean {
    return this.#delete(key, name, undo);
  }

  /** When the next one is due. */
  next(): number | undefined {
    const first = this.#byDue.page({ from: this.#front.from }, 1)[0];
    return first && timeAt(first[0], 0);
  }

  /**
   * Fires what is due, each after it is removed: it may be set anew, and others set or cancelled meanwhile, which counts at once.
   *
   * @param now fires what is due then or before
   * @param limit timers at most, at least 1
   * @returns whether there may be more, for another turn
   */
  fire(now: number, limit: number, call: (timer: Timer) => void): boolean {
    if (now < this.#earliest) return false;
    const to = timeBytes(now + 1);
    for (let left = limit; left > 0; ) {
      const changes = this.#changes;
      const page = this.#byDue.page({ from: this.#front.from, to }, left);
      const wasAll = page.length < left;
      left -= this.#fireAll(page, call);
      if (wasAll && this.#changes === changes) {
        this.#earliest = this.next() ?? Number.POSITIVE_INFINITY;
        return false;
      }
    }
    return true;
  }

  /** Forgets what is no part of the cut: after an abort. */
  reset(): void {
    this.#earliest = 0;
    this.#front.reset();
  }

  /** Fires them until one of the functions changes timers, and says how many have fired. */
  #fireAll(page: readonly Entry<null>[], call: (timer: Timer) => void): number {
    const changes = this.#changes;
    let fired = 0;
    for (const [at] of page) {
      const [key, behind] = readTerminated(at, 8);
      const timer = { due: timeAt(at, 0), key, name: at.slice(behind) };
      this.#byDue.delete(at);
      this.#front.passed(at);
      this.#dues.delete(at.slice(8));
      this.#call(timer, call);
      fired++;
      if (this.#changes !== changes) break;
    }
    return fired;
  }

  #call(timer: Timer, call: (timer: Timer) => void): void {
    this.#firing = timer;
    try {
      call(timer);
    } finally {
      this.#firing = undefined;
    }
  }

  #delete(key: string, name: string, undo: UndoLog | undefined): boolean {
    const text = terminated(key) + name;
    const due = this.#dues.get(text);
    if (due === undefined) return false;
    this.#changes++;
    const at = timeBytes(due.value) + text;
    this.#byDue.delete(at);
    undo?.did(this.#byDue, at, { value: null, timestamp: due.value });
    this.#dues.delete(text);
    undo?.did(this.#dues, text, due);
    return true;
  }
}

function setForNow(name: string): KafkaRxError {
  return new KafkaRxError(
    'PROCESS',
    `Timer "${name}" set itself, while it fires, for a time that is not later than the one it fires for`,
    { remedy: 'set it for a later time; it would fire without end' },
  );
}
