import type { SessionWindows } from '../../time/session.js';
import { StreamTime } from '../../time/stream-time.js';
import type { TimeWindow } from '../../time/windows.js';
import type { Fold } from './fold.js';
import type { Processor, ProcessorOutput, ProcessorState } from './processor.js';
import { type Session, Sessions } from './sessions.js';
import type { Emits } from './windowed-aggregate.js';

/** What is made of the records of a session, and of sessions that become one. */
export interface SessionFold<V, A> {
  /** What the merging of sessions begins with, and the first record's aggregate; default: the first of them. */
  readonly initial?: (() => A) | undefined;
  readonly add: Fold<V | null, A>;
  /** @returns null: what was merged so far is left out */
  merge(one: A, other: A, key: string): A | null;
}

export interface SessionAggregateOptions<V, A> {
  readonly windows: SessionWindows;
  readonly fold: SessionFold<V, A>;
  /** `updates`: each change, with a deletion of each session that was absorbed; `final`: each session once, when it is closed. */
  readonly emits: Emits;
}

/**
 * Aggregates sessions by key: windows of which both bounds are records' timestamps, as long as no two records follow each other by more
 * than the gap. A record is first merged with each session that its time touches (exactly at the gap too); it is late if what comes of it
 * ends before stream time - grace - gap. Null values are aggregated.
 *
 * Sessions are closed when they end before stream time - grace - gap, which is the same bound: **a closed session is merged with nothing
 * any more**. A record that is taken within the gap behind one opens another, and the ends of a key's final results ascend: no window comes
 * twice, and each record is in one result. (Two of them may be apart by less than the gap, or even overlap, where an older record
 * joins the later one.) Kafka Streams merges the closed one again, and emits the union as a second final result. Also differing
 * from it, what is not closed yet is found whatever the retention, and no final result is lost with the store's segments.
 *
 * Updates have no closing. There a session that ends at newest end - retention, or before, is not found (as in Kafka Streams' store, also
 * with that bound itself): a record that touches it begins anew.
 */
export class SessionAggregate<V, A> implements Processor<V, A> {
  readonly #sessions: Sessions<A>;
  readonly #fold: SessionFold<V, A>;
  readonly #final: boolean;
  readonly #closesAfterMs: number;
  readonly #time: StreamTime;

  /** @param sessions those of another side, which are shared */
  constructor(
    state: ProcessorState,
    options: SessionAggregateOptions<V, A>,
    sessions = sessionsOf<A>(state, options),
  ) {
    this.#sessions = sessions;
    this.#fold = options.fold;
    this.#final = options.emits === 'final';
    this.#closesAfterMs = options.windows.gapMs + options.windows.graceMs;
    this.#time = new StreamTime(state.numbers, state.timeBound);
  }

  take(key: string | undefined, value: V | null, timestamp: number, output: ProcessorOutput<A>): void {
    if (key === undefined) {
      output.notTaken('null-key', undefined);
      return;
    }
    this.#time.advance(timestamp);
    const open = this.#openFrom();
    const sessions = this.#sessions;
    const { found } = sessions;
    sessions.find(key, timestamp, this.#final ? open : 0);
    let start = timestamp;
    let end = timestamp;
    for (const session of found) {
      if (session.start < start) start = session.start;
      if (session.end > end) end = session.end;
    }
    const window = { start, end };
    if (end < open) {
      output.notTaken('late', window);
      return;
    }
    const aggregate = this.#fold.add(this.#merged(key, found), value, key);
    // First: what is refused leaves what was there, and nothing is told of it.
    const isKept = sessions.replaceFound(key, start, end, aggregate);
    // A session of this moment alone stays what it is.
    if (!this.#final && start !== end) this.#tellAbsorbed(key, output);
    if (!isKept) output.notTaken('expired', window);
    if (!this.#final)
      output.result(
        key,
        window,
        aggregate,
        end,
        found.every(one => isOther(one, window)),
      );
  }

  close(limit: number, output: ProcessorOutput<A>): boolean {
    this.#time.catchUp();
    return (
      (this.#final && this.#sessions.closeBefore(this.#openFrom(), limit, output)) ||
      this.#sessions.removeExpired(limit)
    );
  }

  get streamTime(): number {
    return this.#time.now;
  }

  closesAt(): number | undefined {
    const end = this.#final ? this.#sessions.firstEnd() : undefined;
    return end === undefined ? undefined : end + this.#closesAfterMs + 1;
  }

  passTo(time: number): void {
    this.#time.advance(time);
  }

  get mayRise(): boolean {
    return this.#time.mayRise;
  }

  /** Forgets what is no part of the cut: after an abort. */
  reset(): void {
    this.#time.reset();
    this.#sessions.reset();
  }

  /** The first end of a session that is not closed. */
  #openFrom(): number {
    return this.#time.now - this.#closesAfterMs;
  }

  #merged(key: string, found: readonly Session<A>[]): A | undefined {
    let aggregate = this.#fold.initial?.();
    for (const { row } of found)
      aggregate =
        aggregate === undefined ? row.value : (this.#fold.merge(aggregate, row.value, key) ?? undefined);
    return aggregate;
  }

  #tellAbsorbed(key: string, output: ProcessorOutput<A>): void {
    for (const { start, end } of this.#sessions.found) output.result(key, { start, end }, null, end);
  }
}

function isOther(one: TimeWindow, other: TimeWindow): boolean {
  return one.start !== other.start || one.end !== other.end;
}

function sessionsOf<A>(
  state: ProcessorState,
  { windows, emits }: SessionAggregateOptions<never, A>,
): Sessions<A> {
  return new Sessions(state, { ...windows, final: emits === 'final' });
}
