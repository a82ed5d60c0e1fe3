import type { UnlimitedWindows } from '../../time/unlimited.js';
import type { TimeWindow, Windows } from '../../time/windows.js';
import { type KeyKind, keyOf, windowedKey, windowOf } from '../windowed-key.js';
import type { ProcessorOutput, ProcessorState } from './processor.js';
import type { Suppress } from './suppress.js';
import { SuppressBuffer } from './suppress-buffer.js';

/** Windows that are closed some time. */
export type ClosingWindows = Exclude<Windows, UnlimitedWindows>;

/**
 * Holds the updates of windows back until they are closed, and hands the last of each on: when its end is at or before the largest timestamp of
 * all updates - grace. Deletions are handed on as nothing.
 *
 * **What is handed on is final.** Aggregates of sliding windows and sessions still take a record into a window that ends exactly there, and
 * Kafka Streams then emits a second result for it; here that update is late.
 */
export class SuppressUntilWindowCloses<A> implements Suppress<A> {
  readonly #buffer: SuppressBuffer<A>;
  readonly #kind: KeyKind;
  /** An update may still come for what has just been handed on. */
  readonly #endIsInside: boolean;

  constructor(state: ProcessorState, windows: ClosingWindows) {
    const { kind } = windows;
    this.#buffer = new SuppressBuffer(
      state,
      kind === 'session' ? windows.gapMs + windows.graceMs : windows.graceMs,
    );
    this.#kind = kind === 'session' ? 'session' : 'window';
    this.#endIsInside = kind === 'session' || kind === 'sliding';
  }

  /** Takes an update; `output` hears if it is late. */
  take(
    key: string,
    window: TimeWindow,
    value: A | null,
    timestamp: number,
    output: ProcessorOutput<A>,
  ): void {
    const buffer = this.#buffer;
    const { edge } = buffer;
    const { end } = window;
    buffer.advance(timestamp);
    const text = windowedKey(this.#kind, key, window);
    if (end <= buffer.passedEdge || (end === edge && buffer.isNoted(edge, text))) {
      if (value !== null) output.notTaken('late', window);
      return;
    }
    const before = end <= edge && buffer.isLeaving(end, text) ? end - 1 : edge;
    buffer.put(buffer.placeOf(end, text, before), { value, timestamp });
  }

  close(limit: number, output: ProcessorOutput<A>): boolean {
    this.#buffer.catchUp();
    const page = this.#buffer.leaving(limit);
    for (const [place, { value, timestamp }] of page) {
      this.#buffer.delete(place);
      const text = this.#buffer.windowedKeyAt(place);
      const window = text === undefined ? undefined : windowOf(this.#kind, text);
      if (text === undefined || window === undefined || value === null) continue;
      if (this.#endIsInside && window.end === this.#buffer.edge) this.#buffer.note(window.end, text);
      output.result(keyOf(this.#kind, text), window, value, timestamp);
    }
    return page.length === limit;
  }

  get streamTime(): number {
    return this.#buffer.streamTime;
  }

  closesAt(): number | undefined {
    return this.#buffer.leavesAt();
  }

  passTo(time: number): void {
    this.#buffer.passTo(time);
  }

  get mayRise(): boolean {
    return this.#buffer.mayRise;
  }

  reset(): void {
    this.#buffer.reset();
  }
}
