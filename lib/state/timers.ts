import { KafkaRxError } from '../errors/errors.js';
import { Front } from './processors/front.js';
import type { ProcessorState } from './processors/processor.js';
import { behind, timeAt, timeBytes, timeLength } from './processors/time-bytes.js';
import type { UndoLog } from './processors/undo-log.js';
import type { StateTable } from './state-table.js';
import { readTerminated, terminated } from './terminated.js';
import { TimersAhead } from './timers-ahead.js';

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
  /** While timers fire: which come next. */
  #ahead: TimersAhead | undefined;
  #firing: Timer | undefined;
  /** By key and name: how many, one behind the other, have set the next for a time that was over. Where that is later, it begins anew. */
  readonly #chains = new Map<string, number>();
  /** Of the timer that fires. */
  #chain = 0;

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
   * @throws KafkaRxError `PROCESS` if a timer that fires sets itself for a time that is not later, or timers have set each other so without end
   */
  set(due: number, key: string, name: string, undo?: UndoLog): void {
    const firing = this.#firing;
    if (firing !== undefined && firing.key === key && firing.name === name && due <= firing.due)
      throw setForNow(name);
    const text = terminated(key) + name;
    this.#lengthen(text, name, due);
    this.#delete(text, undo);
    const at = timeBytes(due) + text;
    this.#byDue.put(at, { value: null, timestamp: due });
    undo?.did(this.#byDue, at, undefined);
    this.#front.put(at);
    this.#ahead?.add(at);
    this.#dues.put(text, { value: due, timestamp: due });
    undo?.did(this.#dues, text, undefined);
    if (due < this.#earliest) this.#earliest = due;
  }

  /**
   * @param undo is told of it
   * @returns whether it was set
   */
  cancel(key: string, name: string, undo?: UndoLog): boolean {
    return this.#delete(terminated(key) + name, undo);
  }

  /** What was set or cancelled is as it was, by an {@link UndoLog}. */
  undone(): void {
    this.#ahead?.forget();
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
    try {
      for (let left = limit; left > 0; left--) {
        const at = this.#nextBefore(to, left);
        if (at === undefined) {
          this.#earliest = this.next() ?? Number.POSITIVE_INFINITY;
          return false;
        }
        this.#fire(at, call);
      }
      return true;
    } finally {
      this.#ahead = undefined;
    }
  }

  #nextBefore(to: string, limit: number): string | undefined {
    const known = this.#ahead?.next();
    if (known !== undefined || this.#ahead?.upTo === to) return known;
    const page = this.#byDue.page({ from: this.#front.from, to }, limit);
    const last = page.at(-1);
    const isAll = last === undefined || page.length < limit;
    this.#ahead = new TimersAhead(
      page.map(([at]) => at),
      isAll ? to : behind(last[0]),
      limit,
    );
    return this.#ahead.next();
  }

  /** Forgets what is no part of the cut: after an abort. */
  reset(): void {
    this.#earliest = 0;
    this.#front.reset();
    this.#ahead?.forget();
    this.#chains.clear();
  }

  #fire(at: string, call: (timer: Timer) => void): void {
    const [key, behindKey] = readTerminated(at, timeLength);
    const text = at.slice(timeLength);
    this.#byDue.delete(at);
    this.#front.passed(at);
    this.#dues.delete(text);
    this.#chain = this.#chains.get(text) ?? 0;
    this.#chains.delete(text);
    this.#firing = { due: timeAt(at, 0), key, name: at.slice(behindKey) };
    try {
      call(this.#firing);
    } finally {
      this.#firing = undefined;
    }
  }

  #lengthen(text: string, name: string, due: number): void {
    if (this.#firing === undefined || due > this.#firing.due) {
      this.#chains.delete(text);
      return;
    }
    const chain = this.#chain + 1;
    if (chain > longestChain) throw endless(name, due);
    this.#chains.set(text, chain);
  }

  #delete(text: string, undo: UndoLog | undefined): boolean {
    const due = this.#dues.get(text);
    if (due === undefined) return false;
    const at = timeBytes(due.value) + text;
    this.#byDue.delete(at);
    undo?.did(this.#byDue, at, { value: null, timestamp: due.value });
    this.#ahead?.delete(at);
    this.#dues.delete(text);
    undo?.did(this.#dues, text, due);
    return true;
  }
}

/** Timers that set the next for a time that is over: who means to has ended long before. */
const longestChain = 10_000;

function setForNow(name: string): KafkaRxError {
  return new KafkaRxError(
    'PROCESS',
    `Timer "${name}" set itself, while it fires, for a time that is not later than the one it fires for`,
    { remedy: 'set it for a later time; it would fire without end' },
  );
}

function endless(name: string, due: number): KafkaRxError {
  return new KafkaRxError(
    'PROCESS',
    `Timer "${name}" was set for ${due}, a time that was over, by the last of ${longestChain} timers that had each set the next so`,
    { remedy: 'Set one of them for a later time; they would fire without end' },
  );
}
