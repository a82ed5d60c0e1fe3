import type { Delivery, JobsOfTask, Lane } from '../leases/delivery.js';
import type { HeldBack, Job } from './job.js';

/**
 * What is left to do in one task before its inputs go on, so that what one record brings about comes out before the next is taken, however much it
 * is, while the process does other things in between.
 *
 * Of several operators the one goes on for which most records wait: what an operator hands on to another that is not done stays few.
 */
export class TaskJobs implements JobsOfTask {
  readonly #jobs: Job[] = [];
  readonly #held = new Set<HeldBack>();
  #whenCaughtUp: (() => void)[] = [];
  /** Some hold a delivery. */
  #awake = false;
  /** Hears that there is something to do. */
  hear: () => void = () => {};
  makeTurn: (near: Lane | undefined) => Delivery | undefined = () => undefined;

  get any(): boolean {
    return this.#jobs.length > 0;
  }

  /** Some wait for the inputs to be caught up. */
  get anyWaiting(): boolean {
    return this.#whenCaughtUp.length > 0;
  }

  /** They have to go on, or to let go, before a cut can be made. */
  get isAwake(): boolean {
    return this.any && this.#awake;
  }

  /** Also of one that is there and rests: something waits behind it now. */
  add(job: Job): void {
    if (!this.#jobs.includes(job)) this.#jobs.push(job);
    this.#awake = true;
    this.hear();
  }

  whenCaughtUp(call: () => void): void {
    this.#whenCaughtUp.push(call);
    this.hear();
  }

  holdBack(held: HeldBack): void {
    this.#held.add(held);
  }

  /**
   * All has settled, and a cut is about to be made: the first of those that hold something back hands that on. What it makes may come to the others,
   * which are all below it.
   *
   * @returns whether there was one: what it makes has to settle before the next is asked
   */
  release(): boolean {
    let first: HeldBack | undefined;
    for (const held of this.#held) if (first === undefined || held.order < first.order) first = held;
    if (first === undefined) return false;
    this.#held.delete(first);
    first.release();
    return true;
  }

  #remove(job: Job): void {
    const at = this.#jobs.indexOf(job);
    if (at >= 0) this.#jobs.splice(at, 1);
  }

  turn(near?: Lane): Delivery | undefined {
    return this.makeTurn(near);
  }

  /** All inputs are at what was their end. */
  caughtUp(): void {
    const calls = this.#whenCaughtUp;
    this.#whenCaughtUp = [];
    for (const call of calls) call();
  }

  /**
   * Goes on a little.
   *
   * @param resting a cut is about to be made: it goes on only where that cannot be made without, and otherwise comes to rest
   */
  run(resting: boolean): void {
    const next = this.#jobs.reduce<Job | undefined>(
      (most, job) => (most === undefined || job.waiting >= most.waiting ? job : most),
      undefined,
    );
    if (next === undefined) return;
    if (resting && next.waiting === 0) {
      this.#awake = false;
      for (const job of [...this.#jobs]) job.rest();
      return;
    }
    this.#awake = true;
    if (!next.run()) this.#remove(next);
  }

  /** The epoch is over, or the app has failed. */
  drop(held: boolean): void {
    const jobs = this.#jobs.splice(0);
    this.#whenCaughtUp = [];
    this.#held.clear();
    for (const job of jobs) job.drop(held);
  }
}
