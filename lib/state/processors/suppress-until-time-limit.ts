import type { TimeWindow } from '../../time/windows.js';
import type { CutNumbers, Entry, StateTable } from '../state-table.js';
import { type KeyKind, keyOf, windowedKey, windowOf } from '../windowed-key.js';
import type { ProcessorOutput, ProcessorState } from './processor.js';
import type { Suppress } from './suppress.js';
import { SuppressBuffer } from './suppress-buffer.js';
import { UndoLog } from './undo-log.js';

export interface UntilTimeLimitOptions {
  readonly kind: KeyKind;
  /** How long after the first update that is held back the last one is handed on, by the timestamps of updates. */
  readonly limitMs: number;
  /** Rows that are held back at most: the oldest leave before their time. Default: as many as there are. */
  readonly maxRecords?: number | undefined;
}

/**
 * Hands on at most one update of a row in a stretch of time: the last one, in the place in time of the first since the row was handed
 * on. Deletions are handed on too.
 */
export class SuppressUntilTimeLimit<A> implements Suppress<A> {
  readonly #buffer: SuppressBuffer<A>;
  /** By windowed key. */
  readonly #places: StateTable<string>;
  readonly #numbers: CutNumbers;
  readonly #kind: KeyKind;
  readonly #maxRecords: number;
  readonly #undo = new UndoLog();

  constructor(
    state: ProcessorState,
    { kind, limitMs, maxRecords = Number.POSITIVE_INFINITY }: UntilTimeLimitOptions,
  ) {
    this.#buffer = new SuppressBuffer(state, limitMs);
    this.#places = state.table('suppressed-places');
    this.#numbers = state.numbers;
    this.#kind = kind;
    this.#maxRecords = maxRecords;
  }

  take(key: string, window: TimeWindow | undefined, value: A | null, timestamp: number): void {
    const buffer = this.#buffer;
    const { edge } = buffer;
    buffer.advance(timestamp);
    const text = windowedKey(this.#kind, key, window);
    const known = this.#places.get(text);
    const place = known?.value ?? buffer.placeOf(timestamp, text, edge);
    this.#undo.whole(() => {
      if (known === undefined) {
        this.#places.put(text, { value: place, timestamp });
        this.#undo.did(this.#places, text, undefined);
      }
      buffer.put(place, { value, timestamp });
    });
    if (known === undefined) this.#numbers.set('suppress-held', this.#held + 1);
  }

  close(limit: number, output: ProcessorOutput<A>): boolean {
    this.#buffer.catchUp();
    const due = this.#buffer.leaving(limit);
    for (const entry of due) this.#handOn(entry, output);
    const room = limit - due.length;
    const excess = Math.max(0, this.#held - this.#maxRecords);
    if (room === 0 || excess === 0) return room === 0;
    for (const entry of this.#buffer.oldest(Math.min(room, excess))) this.#handOn(entry, output);
    return excess >= room;
  }

  get mayRise(): boolean {
    return this.#buffer.mayRise;
  }

  reset(): void {
    this.#buffer.reset();
  }

  get #held(): number {
    return this.#numbers.get('suppress-held') ?? 0;
  }

  #handOn([place, { value, timestamp }]: Entry<A | null>, output: ProcessorOutput<A>): void {
    // Nothing is noted here.
    const text = this.#buffer.windowedKeyAt(place) ?? '';
    this.#buffer.delete(place);
    this.#places.delete(text);
    this.#numbers.set('suppress-held', this.#held - 1);
    output.result(keyOf(this.#kind, text), windowOf(this.#kind, text), value, timestamp);
  }
}
