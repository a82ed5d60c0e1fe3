import { checkArgument } from '../base/option-schema.js';
import { limitKind } from './state-queries.js';
import type { KeyRange } from './state-table.js';

/** The value of one key of a state, in the task whose turn it is. @category State @since 0.2.0 */
export interface OwnKey<S> {
  /** Undefined: it has none. What is given is left as it is: what is to be kept is set. */
  get(): S | undefined;
  set(value: S): void;
  delete(): void;
  readonly timers: OwnTimers;
}

/** The timers of a key: of each name there is one. They are kept with the state, over restarts. @category State @since 0.2.0 */
export interface OwnTimers {
  /**
   * Sets it, or moves it.
   *
   * @param dueMs milliseconds since 1970, a whole number; in the past: it fires next
   * @param name in latin1. Default `''`
   * @param options `time: 'stream'` (the default): it fires when a record, of whatever key of the task, has that time or a later one; `'wall'`: when the
   *   app's clock has, after a start only once the task has caught up with its inputs
   * @throws `PROCESS` without `onTimer`, and where a timer that fires sets itself for a time that is not later
   */
  set(dueMs: number, name?: string, options?: TimerOptions): void;
  /** @param name Default `''` */
  cancel(name?: string): void;
}

/** @category State @since 0.2.0 */
export interface TimerOptions {
  readonly time?: 'stream' | 'wall' | undefined;
}

/** @category State @since 0.2.0 */
export interface EmitOptions<K> {
  /** Default: that of the record, or of the timer. */
  readonly key?: K | undefined;
  /** Milliseconds since 1970. Default: that of the record, or when the timer was due. */
  readonly timestamp?: number | undefined;
}

/**
 * What a function of `withState` has in its hands while it runs: its key's value and timers, those of other keys of the task, and the way out. All of it
 * takes effect when the function has returned, and nothing where it throws.
 *
 * @category State @since 0.2.0
 */
export interface Own<K, S, R> extends OwnKey<S> {
  /** Another key. It is of this task only where its records are: in the partitions of this number. */
  of(key: K): OwnKey<S>;
  /** Keys of the task from `from` on and below `to`, in the order of their bytes, at most `limit` (whole, from 1 up, or Infinity; default 1,000). */
  range(
    from?: K | undefined,
    to?: K | undefined,
    limit?: number | undefined,
  ): readonly (readonly [key: K, value: S])[];
  /** Hands a value on, before what is returned. null: a tombstone. */
  emit(value: R, options?: EmitOptions<K>): void;
  /** The largest timestamp of the records that have come here, in this task; milliseconds since 1970. */
  readonly streamTime: number;
  /**
   * The app's clock, by which timers of `time: 'wall'` go; whole milliseconds since 1970. In `testApp` and `simulate` it is virtual, where `Date.now()`
   * is the machine's. It is another one when the record comes again.
   */
  readonly now: number;
}

/** Keys as texts, for who has them as values. */
export interface OwnKeys<K> {
  keyText(key: K): string;
  keyOf(text: string): K;
}

/** What {@link Own} asks of the turn that it is in. */
export interface OwnTurn<K, S, R> extends OwnKeys<K> {
  readonly streamTime: number;
  readonly now: number;
  get(key: string): S | undefined;
  put(key: string, value: S | undefined): void;
  page(range: KeyRange, limit: number): readonly (readonly [key: string, value: S])[];
  emit(key: string, value: R, timestamp: number | undefined): void;
  setTimer(key: string, due: number, name: string, time: 'stream' | 'wall'): void;
  cancelTimer(key: string, name: string): void;
}

/** What a function is given. */
export class OwnOfTurn<K, S, R> implements Own<K, S, R> {
  /** Undefined: the function has returned. */
  #turn: OwnTurn<K, S, R> | undefined;
  readonly #key: string;
  readonly #ended: () => never;
  #timers: OwnTimers | undefined;

  constructor(turn: OwnTurn<K, S, R>, key: string, ended: () => never) {
    this.#turn = turn;
    this.#key = key;
    this.#ended = ended;
  }

  end(): void {
    this.#turn = undefined;
  }

  get #open(): OwnTurn<K, S, R> {
    return this.#turn ?? this.#ended();
  }

  get streamTime(): number {
    return this.#open.streamTime;
  }

  get now(): number {
    return this.#open.now;
  }

  get(): S | undefined {
    return this.#open.get(this.#key);
  }

  set(value: S): void {
    this.#open.put(this.#key, value);
  }

  delete(): void {
    this.#open.put(this.#key, undefined);
  }

  get timers(): OwnTimers {
    this.#timers ??= this.#timersOf(this.#key);
    return this.#timers;
  }

  of(key: K): OwnKey<S> {
    const text = this.#open.keyText(key);
    return {
      get: () => this.#open.get(text),
      set: value => this.#open.put(text, value),
      delete: () => this.#open.put(text, undefined),
      timers: this.#timersOf(text),
    };
  }

  range(from?: K, to?: K, limit = 1_000): readonly (readonly [key: K, value: S])[] {
    const turn = this.#open;
    checkArgument('range', 'the limit', limitKind, limit);
    const [first, end] = [from, to].map(key => (key === undefined ? undefined : turn.keyText(key)));
    return turn.page({ from: first, to: end }, limit).map(([key, value]) => [turn.keyOf(key), value]);
  }

  emit(value: R, { key, timestamp }: EmitOptions<K> = {}): void {
    const turn = this.#open;
    turn.emit(key === undefined ? this.#key : turn.keyText(key), value, timestamp);
  }

  #timersOf(key: string): OwnTimers {
    return {
      set: (dueMs, name = '', { time = 'stream' } = {}) => this.#open.setTimer(key, dueMs, name, time),
      cancel: (name = '') => this.#open.cancelTimer(key, name),
    };
  }
}
