import type { TimeBound } from '../../time/stream-time.js';
import type { TimeWindow } from '../../time/windows.js';
import type { CutNumbers, StateTable } from '../state-table.js';

/** Why a record, or one of the windows that it is in, is not taken. `no-window`: it is in none, since it is before the first. */
export type NotTaken = 'late' | 'null-key' | 'null-value' | 'expired' | 'no-window';

/** Who hears what a processor makes of a record. */
export interface ProcessorOutput<A> {
  /**
   * @param key the record's, as bytes in latin1
   * @param window undefined where nothing is windowed
   * @param value null: the row is deleted
   * @param timestamp milliseconds since 1970, of the newest record in it
   * @param isNew there was no row before: told of updates, by which what came and went is told from what goes. Default false
   */
  result(
    key: string,
    window: TimeWindow | undefined,
    value: A | null,
    timestamp: number,
    isNew?: boolean,
  ): void;
  /** The record is not taken, or not into this window. */
  notTaken(why: NotTaken, window: TimeWindow | undefined): void;
}

/** What an operator with state keeps, in one task. */
export interface ProcessorState {
  /** By name, unique in the state: an index beside the rows has one of its own. */
  table<T>(name: string): StateTable<T>;
  readonly numbers: CutNumbers;
  /** Left out: nothing holds stream time. */
  readonly timeBound?: TimeBound | undefined;
}

/** An operator with state, without the app around it: everything of one task, in the order of its records. */
export interface Processor<V, A> {
  /** @param key undefined: the record has none */
  take(key: string | undefined, value: V | null, timestamp: number, output: ProcessorOutput<A>): void;
  /**
   * Hands on what stream time has closed since, at most so many results: in the order of start (end for sessions) and key.
   *
   * @returns whether there is more, for another turn
   */
  close(limit: number, output: ProcessorOutput<A>): boolean;
  /** Stream time may rise by what was taken before, since its bound has. Left out: it never may. */
  readonly mayRise?: boolean;
  /** Milliseconds since 1970, -1: nothing was taken yet. Left out, as what follows: nothing of it waits for stream time. */
  readonly streamTime?: number;
  /** From which stream time on the next of what it holds back is final; undefined: nothing is held back. */
  closesAt?(): number | undefined;
  /** Stream time goes on without a record, as far as its bound lets it: what that closes is handed on by `close`. */
  passTo?(time: number): void;
  /** Whether it holds results back to the barrier. Left out: it never does. */
  readonly holds?: boolean;
  /**
   * At the barrier: hands on what it holds back.
   *
   * @returns whether there is more, for another turn
   */
  release?(limit: number, output: ProcessorOutput<A>): boolean;
  /** When it has something to do next by the app's clock, in milliseconds since 1970; undefined, or left out: never. */
  due?(): number | undefined;
  /**
   * Does what is due by the app's clock.
   *
   * @param now milliseconds since 1970
   * @returns whether there is more, for another turn
   */
  ring?(now: number, limit: number, output: ProcessorOutput<A>): boolean;
  /** Forgets what it remembers of the state, which is about to be read from there again: a unit of work was dropped. */
  reset(): void;
}
