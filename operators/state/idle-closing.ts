import type { Subscriber } from 'rxjs';
import type { Lane } from '../../lib/flow/leases/delivery.js';
import type { Processor } from '../../lib/state/processors/processor.js';
import type { InputsSeen } from '../../lib/state/states-of-task.js';
import { LaneAlarm } from './lane-alarm.js';

export interface IdleClosingParts {
  /** How long nothing is to have come, milliseconds. */
  readonly afterMs: number;
  readonly processor: Pick<Processor<never, never>, 'streamTime' | 'closesAt'>;
  readonly subscriber: Subscriber<unknown>;
  /** Of the task, as it is now. */
  lane(): Lane;
  /** Nothing comes of it any more. */
  isOver(): boolean;
  /** Stream time goes on to there, in a turn of the task. */
  pass(time: number): void;
  /** Does what reads rows; the app fails where that throws. */
  aside(look: () => void): void;
}

/** Milliseconds after which it is asked again: where nobody could say, or somebody is behind. */
const againMs = 1_000;
/** Milliseconds after which it is looked again whether what was there has been taken. */
const lookMs = 100;

/**
 * Lets the stream time of an operator go on with the clock where nothing comes to it: from its last record on, as much as has passed since, once that
 * is long enough and something would be closed by it.
 *
 * **Idle is what is asked, and not what is waited for.** That nothing has come is no sign of itself: the task may be behind, paused or restored a moment
 * ago, the brokers out of reach, or who writes its internal topic. So it is asked how far the inputs go, and when all of that is taken, and nothing of
 * it came here, nothing was there to come when it was asked. What has passed by then is what stream time goes on by.
 */
export class IdleClosing {
  readonly #parts: IdleClosingParts;
  readonly #alarm: LaneAlarm;
  /** When the last record came, on the clock's monotonic time. */
  #cameAt = 0;
  /** When stream time was what it is. */
  #timeAt = 0;
  /** It is asked, or looked at what was answered. */
  #isAsking = false;
  /** Since when nothing has come is another matter. */
  #came = 0;
  #seen: InputsSeen | undefined;
  /** When it rings, on the clock's monotonic time, and by which stream time that was reckoned. */
  #ringsAt = 0;
  #reckonedBy: number | undefined;

  constructor(parts: IdleClosingParts) {
    this.#parts = parts;
    this.#alarm = new LaneAlarm(parts.subscriber, () => parts.aside(() => this.#rings()));
    this.took();
  }

  /** A record came. */
  took(): void {
    const now = this.#now;
    this.#cameAt = this.#timeAt = now;
    this.#came++;
    this.#seen = undefined;
    this.look(now);
  }

  /**
   * Something may wait from now on; or stream time has risen by itself, as where it was held by others, and what was reckoned by it before is too long.
   * Who comes with each record costs a new alarm once in a while at most.
   */
  look(now = this.#now): void {
    if (this.#isAsking) return;
    const { afterMs, processor } = this.#parts;
    const isTooLong = this.#ringsAt > now + afterMs && processor.streamTime !== this.#reckonedBy;
    if (!this.#alarm.isSet || isTooLong) this.#wait(afterMs);
  }

  get #now(): number {
    return this.#parts.lane().host.clock.elapsed();
  }

  #wait(ms: number): void {
    this.#ringsAt = this.#now + ms;
    this.#reckonedBy = this.#parts.processor.streamTime;
    this.#alarm.set(this.#parts.lane(), ms);
  }

  #rings(): void {
    if (this.#parts.isOver()) return;
    if (this.#seen !== undefined) {
      this.#heard(this.#seen);
      return;
    }
    const missing = this.#missingMs();
    if (missing === undefined) return;
    const { afterMs } = this.#parts;
    const now = this.#now;
    const left = Math.max(this.#cameAt + afterMs - now, this.#timeAt + missing - now);
    if (left > 0) this.#wait(left);
    else void this.#ask();
  }

  /** By how much stream time is to go on; undefined: nothing waits. */
  #missingMs(): number | undefined {
    const { processor } = this.#parts;
    const closesAt = processor.closesAt?.();
    return closesAt === undefined ? undefined : closesAt - (processor.streamTime ?? -1);
  }

  async #ask(): Promise<void> {
    const { lane, isOver, aside } = this.#parts;
    const came = this.#came;
    this.#isAsking = true;
    const seen = await lane().states?.inputsSeen();
    this.#isAsking = false;
    if (isOver()) return;
    if (came !== this.#came || seen === undefined) this.#wait(againMs);
    else aside(() => this.#heard(seen));
  }

  #heard(seen: InputsSeen): void {
    if (!seen.isRead()) {
      this.#seen = seen;
      this.#wait(lookMs);
      return;
    }
    this.#seen = undefined;
    const missing = this.#missingMs();
    if (missing === undefined) return;
    const time = this.#parts.processor.streamTime ?? -1;
    const reached = Math.min(time + seen.at - this.#timeAt, seen.bound);
    // A clock has fractions of a millisecond, and time in records has none: what is left over counts next time.
    const to = Math.floor(reached);
    if (to < time + missing) {
      this.#wait(againMs);
      return;
    }
    this.#timeAt = seen.at - (reached - to);
    this.#parts.pass(to);
  }
}
