/**
 * A clock that stands still until a test moves it: an hour passes in a millisecond, and everything that waits,
 * defers or measures does so in one order, the same at each run.
 */
import type { Clock, Timer } from '../base/clock.js';
import { call, kind, milliseconds, required, text, whole } from '../base/option-kinds.js';
import { checkArgument, checkOptions, type Fields } from '../base/option-schema.js';
import { KafkaRxError } from '../errors/errors.js';

/** @category Testing @since 0.1.0 */
export interface VirtualClockOptions {
  /** Wall-clock time at the start. Default 2024-01-01T00:00:00Z. */
  readonly startAt?: Date | undefined;
  /** Tasks that one `flush` or `advance` may run at one instant before it throws. Default 1,000,000. */
  readonly maxTasks?: number | undefined;
}

export const clockOptions: Fields<VirtualClockOptions> = {
  startAt: kind('a valid Date', date => date instanceof Date && !Number.isNaN(date.getTime())),
  maxTasks: whole(1, { endless: true }),
};

const taskKind = required(call);
const advanceKind = required(milliseconds(0));
/** Infinity: never. What is due already is run at once. */
const delayKind = required(
  kind('a number', delayMs => typeof delayMs === 'number' && !Number.isNaN(delayMs)),
);

/** In a heap by `due`, then by `order`. */
interface Scheduled {
  readonly due: number;
  readonly order: number;
  task: (() => void) | undefined;
}

/**
 * @example
 * const clock = new VirtualClock();
 * clock.schedule(() => console.log('an hour later'), 3_600_000);
 * clock.advance(3_600_000); // prints at once
 *
 * @category Testing @since 0.1.0
 */
export class VirtualClock implements Clock {
  readonly #startAt: number;
  readonly #maxTasks: number;
  readonly #heap: Scheduled[] = [];
  #deferred: (() => void)[] = [];
  #time = 0;
  #order = 0;
  #cancelled = 0;
  #running = false;
  /** Who runs on it. */
  readonly #occupants = new Map<symbol, string>();
  #ranAtInstant = 0;

  constructor(options: VirtualClockOptions = {}) {
    checkOptions('VirtualClock', clockOptions, options);
    const { startAt, maxTasks } = options;
    this.#startAt = startAt?.getTime() ?? Date.UTC(2024, 0, 1);
    this.#maxTasks = maxTasks ?? 1_000_000;
  }

  now(): number {
    return this.#startAt + this.#time;
  }

  elapsed(): number {
    return this.#time;
  }

  schedule(task: () => void, delayMs: number): Timer {
    checkArgument('VirtualClock.schedule', 'task', taskKind, task);
    checkArgument('VirtualClock.schedule', 'delayMs', delayKind, delayMs);
    const entry: Scheduled = { due: this.#time + Math.max(0, delayMs), order: this.#order++, task };
    this.#push(entry);
    return {
      cancel: () => {
        if (entry.task === undefined) return;
        entry.task = undefined;
        this.#cancelled++;
      },
    };
  }

  defer(task: () => void): void {
    checkArgument('VirtualClock.defer', 'task', taskKind, task);
    this.#deferred.push(task);
  }

  /** Deferred tasks and timers that have not run. */
  get pending(): number {
    return this.#deferred.length + this.#heap.length - this.#cancelled;
  }

  /** Milliseconds until the next task: 0 for a deferred one, undefined where nothing is pending. */
  get nextInMs(): number | undefined {
    if (this.#deferred.length > 0) return 0;
    const next = this.#next();
    return next === undefined ? undefined : Math.max(0, next.due - this.#time);
  }

  /**
   * Runs what is deferred or due now, and what that defers, until nothing is left; time stands still.
   *
   * @throws KafkaRxError `DEADLINE` after `maxTasks` tasks: something defers itself for ever
   * @throws KafkaRxError `CONFIGURATION` while another call moves the clock
   */
  flush(): void {
    this.advance(0);
  }

  /**
   * Moves time by `ms` within the call, stopping at each instant at which a timer is due. After each timer all deferred tasks
   * run, as they do on the machine's clock. Promises settle only when the call has returned, at its end time: what awaits them needs
   * {@link advanceAsync}. A task's exception ends the call; calling again goes on behind that task.
   *
   * @throws KafkaRxError as `flush` does, and `CONFIGURATION` for what is no finite number from 0 up, or, above 0, while an
   *   app runs on the clock
   */
  advance(ms: number): void {
    checkArgument('VirtualClock.advance', 'ms', advanceKind, ms);
    const [occupant] = this.#occupants.values();
    if (ms > 0 && occupant !== undefined) {
      throw new KafkaRxError(
        'CONFIGURATION',
        `The virtual clock was advanced in one go under ${occupant}, which awaits promises`,
        {
          remedy: 'Use await clock.advanceAsync(ms), or await t.advance(ms) of testApp.',
        },
      );
    }
    this.#begin();
    try {
      for (const _ of this.#steps(this.#time + ms));
    } finally {
      this.#running = false;
    }
  }

  /**
   * Moves time by `ms`, one step after the other: a task, then all that it resolved, then the next. So a function that awaits one
   * `delay(clock, 10)` after another finds 10 ms between them, as it does on the machine's clock. Between two steps Node's event loop
   * turns once. A task's exception rejects; calling again goes on behind that task.
   *
   * @returns resolves when time has come to its end and what was resolved on the way has been handled
   * @throws rejects as `advance` throws, but for apps that run on the clock; and with `CONFIGURATION` while another call moves it
   */
  async advanceAsync(ms: number): Promise<void> {
    checkArgument('VirtualClock.advanceAsync', 'ms', advanceKind, ms);
    this.#begin();
    try {
      const until = this.#time + ms;
      await settled();
      for (const _ of this.#steps(until)) await settled();
    } finally {
      this.#running = false;
    }
  }

  /** As an app does that runs on it: {@link advance} is refused until the returned function is called. */
  occupy(by: string): () => void {
    checkArgument('VirtualClock.occupy', 'by', required(text), by);
    const key = Symbol(by);
    this.#occupants.set(key, by);
    return () => void this.#occupants.delete(key);
  }

  #begin(): void {
    if (this.#running) {
      throw new KafkaRxError('CONFIGURATION', 'The virtual clock was moved while it is being moved', {
        remedy:
          'Move it from the test only, one call after the other: await clock.advanceAsync(ms), or await t.advance(ms) of testApp.',
      });
    }
    this.#running = true;
    this.#ranAtInstant = 0;
  }

  /** Runs a task each; between two of them whoever asks may let promises settle. */
  *#steps(until: number): Generator<void> {
    for (;;) {
      yield* this.#deferredTurns();
      const next = this.#next();
      if (next === undefined || next.due > until) break;
      this.#moveTo(next.due);
      this.#pop();
      const task = next.task;
      next.task = undefined;
      if (task !== undefined) {
        this.#run(task);
        yield;
      }
    }
    this.#moveTo(until);
  }

  #moveTo(time: number): void {
    if (time <= this.#time) return;
    this.#time = time;
    this.#ranAtInstant = 0;
  }

  *#deferredTurns(): Generator<void> {
    while (this.#deferred.length > 0) {
      const turn = this.#deferred;
      this.#deferred = [];
      let ran = 0;
      try {
        for (const task of turn) {
          ran++;
          this.#run(task);
          yield;
        }
      } finally {
        // Only after an exception is anything left of the turn: it runs before what was deferred meanwhile.
        if (ran < turn.length) this.#deferred = [...turn.slice(ran), ...this.#deferred];
      }
    }
  }

  #run(task: () => void): void {
    if (++this.#ranAtInstant > this.#maxTasks) {
      throw new KafkaRxError(
        'DEADLINE',
        `The virtual clock ran ${this.#maxTasks} tasks without time passing`,
        {
          remedy: 'Look for a task that defers itself again and again.',
        },
      );
    }
    task();
  }

  /** The next timer that was not cancelled; cancelled ones on top of the heap are dropped. */
  #next(): Scheduled | undefined {
    for (let top = this.#heap[0]; top !== undefined; top = this.#heap[0]) {
      if (top.task !== undefined) return top;
      this.#pop();
      this.#cancelled--;
    }
    return undefined;
  }

  #push(entry: Scheduled): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up];
      if (parent === undefined || !isBefore(entry, parent)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      if (left === undefined) break;
      const right = heap[2 * at + 2];
      const useRight = right !== undefined && isBefore(right, left);
      const child = useRight ? right : left;
      if (!isBefore(child, last)) break;
      heap[at] = child;
      at = 2 * at + (useRight ? 2 : 1);
    }
    heap[at] = last;
  }
}

function isBefore(a: Scheduled, b: Scheduled): boolean {
  return a.due < b.due || (a.due === b.due && a.order < b.order);
}

/** A turn of Node's event loop: whatever has been resolved is handled before it, however long the chain of promises. */
function settled(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}
