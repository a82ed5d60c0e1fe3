import { Buffer } from 'node:buffer';
import type { TimeWindow } from '../../time/windows.js';
import type { CutNumbers, StateTable } from '../state-table.js';
import type { ValueFormat } from '../value-format.js';
import { type KeyKind, keyOf, windowedKey, windowOf } from '../windowed-key.js';
import { HeldUpdates } from './held-updates.js';
import type { Processor, ProcessorOutput } from './processor.js';
import { timeAt, timeBytes, timeLength } from './time-bytes.js';
import type { WholeState } from './whole-state.js';

export interface HeldForParts {
  readonly kind: KeyKind;
  /** By the app's clock, from the first update that is held back on. */
  readonly everyMs: number;
  /** The app's clock, milliseconds since 1970. */
  now(): number;
  /** Something is due then. */
  alarm(due: number): void;
}

/** Where what is held back of a key and window stands. */
export interface HeldPlace {
  /** Milliseconds since 1970. */
  readonly due: number;
  /** There was no row when the last update was handed on. */
  readonly isNew: boolean;
}

export const heldPlaces: ValueFormat<HeldPlace> = {
  encode({ due, isNew }) {
    const bytes = Buffer.allocUnsafe(9);
    bytes.writeDoubleBE(due);
    bytes[8] = isNew ? 1 : 0;
    return bytes;
  },
  decode: bytes => ({ due: bytes.readDoubleBE(), isNew: bytes[8] === 1 }),
};

/** In the cut: 1, something may be held back; 2, and others have handed on since what they made of the same rows. */
const holds = 'holds';

/** An operator that holds nothing back goes on with the state: what is held there is older than what it hands on. */
export function heldIsOld(numbers: CutNumbers): void {
  if (numbers.get(holds) === 1) numbers.set(holds, 2);
}

/** Rows that are dropped at once. */
const dropped = 1_000;

/**
 * Hands on at most one update of each key and window in a stretch of the app's time: the last one, so long after the first that was held back. What came
 * and went meanwhile is not told at all.
 *
 * What is held back belongs to the cut, in two tables: `held` by due time and windowed key, which is the order of leaving; `held-places`, where each
 * stands.
 */
export class HeldFor<V, A> extends HeldUpdates<V, A> {
  readonly #parts: HeldForParts;
  readonly #rows: StateTable<A | null>;
  readonly #places: StateTable<HeldPlace>;

  readonly #state: WholeState;

  /**
   * @param processor of updates
   * @param state its own too: what cannot be held back is not counted either
   */
  constructor(processor: Processor<V, A>, state: WholeState, parts: HeldForParts) {
    super(processor);
    this.#state = state;
    this.#parts = parts;
    this.#rows = state.table('held');
    this.#places = state.table('held-places');
    if (state.numbers.get(holds) === 2) this.#drop();
  }

  #drop(): void {
    for (let page = this.#places.page({}, dropped); page.length > 0; page = this.#places.page({}, dropped))
      for (const [text, { value }] of page) this.#remove(timeBytes(value.due) + text);
    this.#state.numbers.set(holds, 1);
  }

  override take(...of: Parameters<Processor<V, A>['take']>): void {
    this.#state.whole(() => super.take(...of));
  }

  due(): number | undefined {
    const first = this.#rows.page({}, 1)[0];
    return first && timeAt(first[0], 0);
  }

  ring(now: number, limit: number, output: ProcessorOutput<A>): boolean {
    const { kind } = this.#parts;
    const page = this.#rows.page({ to: timeBytes(now + 1) }, limit);
    for (const [at, { value, timestamp }] of page) {
      const text = at.slice(timeLength);
      this.#remove(at);
      output.result(keyOf(kind, text), windowOf(kind, text), value, timestamp);
    }
    return page.length === limit;
  }

  result(
    key: string,
    window: TimeWindow | undefined,
    value: A | null,
    timestamp: number,
    isNew = false,
  ): void {
    const text = windowedKey(this.#parts.kind, key, window);
    const known = this.#places.get(text)?.value;
    if (value === null && (known?.isNew ?? isNew)) {
      if (known !== undefined) this.#remove(timeBytes(known.due) + text);
      return;
    }
    const { due } = known ?? this.#newPlace(text, isNew);
    this.#rows.put(timeBytes(due) + text, { value, timestamp });
  }

  #newPlace(text: string, isNew: boolean): HeldPlace {
    const { now, everyMs, alarm } = this.#parts;
    const { numbers } = this.#state;
    if (numbers.get(holds) !== 1) numbers.set(holds, 1);
    const place = { due: Math.max(0, Math.ceil(now() + everyMs)), isNew };
    this.#places.put(text, { value: place, timestamp: place.due });
    alarm(place.due);
    return place;
  }

  #remove(at: string): void {
    this.#rows.delete(at);
    this.#places.delete(at.slice(timeLength));
  }
}
