import { KafkaRxError } from '../../errors/errors.js';
import { refuseLater } from '../../record/refuse-later.js';
import { StreamTime } from '../../time/stream-time.js';
import { type Own, type OwnKeys, OwnOfTurn, type OwnTurn } from '../own.js';
import type { KeyRange, StateTable } from '../state-table.js';
import { type Timer, Timers } from '../timers.js';
import type { Processor, ProcessorOutput, ProcessorState } from './processor.js';
import { UndoLog } from './undo-log.js';

type Time = 'stream' | 'wall';

export interface CallsParts<K, S, R> {
  readonly keys: OwnKeys<K>;
  /** With the record whose turn it is. */
  call(own: Own<K, S, R>): unknown;
  readonly onTimer: ((key: K, due: number, name: string, own: Own<K, S, R>) => unknown) | undefined;
  /** What a timer makes is told by this from what others make; undefined: it has made all. */
  identify(timer: string | undefined): void;
  /** A timer's function threw. */
  failed(cause: unknown): void;
  /** The app's clock, milliseconds since 1970. */
  now(): number;
  /** Something is due by it. */
  alarm(due: number): void;
}

interface Emitted<R> {
  readonly key: string;
  readonly value: R;
  readonly timestamp: number;
}

/**
 * Functions with the state of their key, and timers. What a function does to rows is undone where it throws, or a timer that it sets is refused; what
 * timers it sets, and what it emits, is done when it has returned.
 */
export class CallsWithState<K, V, S, R> implements Processor<V, R>, OwnTurn<K, S, R> {
  readonly #parts: CallsParts<K, S, R>;
  readonly #rows: StateTable<S>;
  readonly #time: StreamTime;
  readonly #timers: Readonly<Record<Time, Timers>>;
  #firing: (Timer & { readonly time: Time }) | undefined;
  /** Of the function that runs. */
  #timestamp = 0;
  readonly #undo = new UndoLog();
  #emitted: Emitted<R>[] = [];
  #timing: (() => void)[] = [];

  constructor(state: ProcessorState, parts: CallsParts<K, S, R>) {
    this.#parts = parts;
    this.#rows = state.table('rows');
    this.#time = new StreamTime(state.numbers, state.timeBound);
    this.#timers = { stream: new Timers(state, 'stream-timers'), wall: new Timers(state, 'wall-timers') };
  }

  take(key: string | undefined, _value: V | null, timestamp: number, output: ProcessorOutput<R>): void {
    if (key === undefined) {
      output.notTaken('null-key', undefined);
      return;
    }
    this.#time.advance(timestamp);
    this.#run(key, timestamp, output, own => this.#parts.call(own));
  }

  close(limit: number, output: ProcessorOutput<R>): boolean {
    this.#time.catchUp();
    const { now } = this.#time;
    return now >= 0 && this.#fire('stream', now, limit, output);
  }

  due(): number | undefined {
    return this.#timers.wall.next();
  }

  ring(now: number, limit: number, output: ProcessorOutput<R>): boolean {
    return this.#fire('wall', now, limit, output);
  }

  get mayRise(): boolean {
    return this.#time.mayRise;
  }

  reset(): void {
    this.#time.reset();
    this.#timers.stream.reset();
    this.#timers.wall.reset();
  }

  #fire(time: Time, now: number, limit: number, output: ProcessorOutput<R>): boolean {
    const { onTimer, keys, identify, failed } = this.#parts;
    return this.#timers[time].fire(now, limit, timer => {
      const { due, key, name } = timer;
      this.#firing = { due, key, name, time };
      identify(JSON.stringify([time, key, due, name]));
      try {
        this.#run(key, due, output, own => onTimer?.(keys.keyOf(key), due, name, own));
      } catch (cause) {
        failed(cause);
      } finally {
        this.#firing = undefined;
        identify(undefined);
      }
    });
  }

  #run(
    key: string,
    timestamp: number,
    output: ProcessorOutput<R>,
    call: (own: Own<K, S, R>) => unknown,
  ): void {
    this.#timestamp = timestamp;
    const own = new OwnOfTurn<K, S, R>(this, key, usedLater);
    const emitted: Emitted<R>[] = [];
    this.#emitted = emitted;
    this.#timing = [];
    try {
      this.#undo.whole(() => {
        const made = call(own);
        refuseLater(made);
        // The types of withState say so.
        if (made !== undefined) own.emit(made as R);
        for (const set of this.#timing) set();
      });
    } catch (cause) {
      for (const timers of Object.values(this.#timers)) timers.undone();
      throw cause;
    } finally {
      own.end();
    }
    for (const one of emitted) output.result(one.key, undefined, one.value, one.timestamp);
  }

  get streamTime(): number {
    return this.#time.now;
  }

  get now(): number {
    return this.#parts.now();
  }

  get(key: string): S | undefined {
    return this.#rows.get(key)?.value;
  }

  put(key: string, value: S | undefined): void {
    refuseLater(value);
    const row = this.#rows.get(key);
    if (value === undefined) this.#rows.delete(key);
    else this.#rows.put(key, { value, timestamp: Math.max(this.#timestamp, row?.timestamp ?? 0) });
    this.#undo.did(this.#rows, key, row);
  }

  page(range: KeyRange, limit: number): readonly (readonly [key: string, value: S])[] {
    return this.#rows.page(range, limit).map(([key, { value }]) => [key, value]);
  }

  emit(key: string, value: R, timestamp = this.#timestamp): void {
    refuseLater(value);
    this.#emitted.push({ key, value, timestamp });
  }

  setTimer(key: string, due: number, name: string, time: Time): void {
    if (this.#parts.onTimer === undefined) throw withoutOnTimer(name);
    if (!Number.isSafeInteger(due) || due < 0 || !isLatin1(name)) throw noTimer(due, name);
    const firing = this.#firing;
    if (firing?.key === key && firing.name === name && firing.time === time && due <= firing.due)
      throw setForNow(name);
    this.#timing.push(() => {
      this.#timers[time === 'stream' ? 'wall' : 'stream'].cancel(key, name, this.#undo);
      this.#timers[time].set(due, key, name, this.#undo);
      if (time === 'wall') this.#parts.alarm(due);
    });
  }

  cancelTimer(key: string, name: string): void {
    this.#timing.push(() => {
      this.#timers.stream.cancel(key, name, this.#undo);
      this.#timers.wall.cancel(key, name, this.#undo);
    });
  }

  keyText(key: K): string {
    return this.#parts.keys.keyText(key);
  }

  keyOf(text: string): K {
    return this.#parts.keys.keyOf(text);
  }
}

function isLatin1(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0xff) return false;
  return true;
}

function usedLater(): never {
  throw new KafkaRxError('PROCESS', 'What a function of withState was given was used after it had returned', {
    remedy: 'Use it inside the function alone; what takes time belongs into mapAsync, before or behind it',
  });
}

function withoutOnTimer(name: string): KafkaRxError {
  return new KafkaRxError('PROCESS', `The timer "${name}" was set, and nobody hears it`, {
    remedy: 'Give withState { onTimer: (key, due, name, own) => … }',
  });
}

function noTimer(due: number, name: string): KafkaRxError {
  return new KafkaRxError('PROCESS', `A timer cannot be set for ${due} under the name "${name}"`, {
    remedy:
      'Its time is a whole number of milliseconds since 1970, at least 0, and its name has characters below U+0100 only',
  });
}

function setForNow(name: string): KafkaRxError {
  return new KafkaRxError(
    'PROCESS',
    `Timer "${name}" set itself, while it fires, for a time that is not later than the one it fires for`,
    { remedy: 'Set it for a later time; it would fire without end' },
  );
}
