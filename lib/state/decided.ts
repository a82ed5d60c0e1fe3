import type { Clock } from '../base/clock.js';
import type { KafkaRxError } from '../errors/errors.js';
import type { ReadCuts } from './read-cuts.js';
import type { StateHandle } from './state.js';
import { cutTorn, undecided } from './state-errors.js';

export interface DecidedParts {
  /** Such as `orders/0`. */
  readonly task: string;
  readonly partition: number;
  readonly handles: readonly StateHandle<unknown, unknown>[];
  readonly clock: Clock;
  /** Milliseconds within which the brokers end a transaction that nobody else ends, and have told all partitions of it. */
  readonly decidedWithinMs: number;
  /** A commit is of no cut that there is, or a changelog of an older one than others, and the states are to go on all the same. */
  cutMissed(error: KafkaRxError): void;
}

/** Whether a task may go on with what its changelogs tell of cuts. */
export class Decided {
  readonly #parts: DecidedParts;
  /** A transaction is open in one of them, in front of what is missing there; on the clock's monotonic time. */
  #since: number | undefined;

  constructor(parts: DecidedParts) {
    this.#parts = parts;
  }

  /** The task goes elsewhere. */
  forget(): void {
    this.#since = undefined;
  }

  /**
   * @param told the number of the cut that a commit tells of; 0: none does
   * @throws `CUT_TORN`, `CUT_MISSING`
   */
  require(found: ReadCuts, told: number): void {
    this.#requireDecided(found, told);
    this.#requireWhole(found);
  }

  /** What is open may be committed still, or was, and the marks are on their way: it is read again, by whoever is asked for the task again. */
  #requireDecided({ isDecided, last, torn }: ReadCuts, told: number): void {
    const { clock, decidedWithinMs, task, partition } = this.#parts;
    const now = clock.elapsed();
    this.#since = isDecided ? undefined : (this.#since ?? now);
    if (this.#since === undefined || now - this.#since >= decidedWithinMs) return;
    throw undecided(task, partition, { last, torn, told });
  }

  /** Each is of the last cut, where that was written to it, or the state says what is to become of it. */
  #requireWhole({ last, torn }: ReadCuts): void {
    if (last === undefined || torn.length === 0) return;
    const { task, partition, handles, cutMissed } = this.#parts;
    const error = cutTorn(task, partition, last, torn);
    const isFatal = ({ name, onMissingCut }: StateHandle<unknown, unknown>): boolean =>
      onMissingCut === 'fail' && torn.some(({ state }) => state === name);
    if (handles.some(isFatal)) throw error;
    cutMissed(error);
  }
}
