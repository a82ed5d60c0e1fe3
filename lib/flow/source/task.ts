import type { TaskInput } from '../tasks/choose-input.js';
import { TaskJobs } from '../tasks/task-jobs.js';
import type { TakesTurns, Turn } from './turns.js';

/** What a task asks of its inputs, and tells them. */
export interface TaskLane {
  readonly opened: number;
  readonly unsettled: number;
  readonly span: number;
  readonly hasWork: boolean;
  readonly heard: boolean;
  /** @see TaskInput.beyond */
  readonly beyond: TaskInput['beyond'];
  /** Somebody hears it, and its epoch goes on. */
  readonly isRead: boolean;
  readonly quiet: boolean;
  /** Nothing of it is left to hand out that was committed before. @see TaskOf.filling */
  readonly filled: boolean;
  /** All that it had when its epoch began is handed out. */
  readonly caughtUp: boolean;
  readonly draining: boolean;
  outputSlot: number;
  internalSlot: number;
  atBarrier: boolean;
  abandoned: boolean;
}

/** What a task of several inputs stands still for. */
export interface InputWait<L> {
  /** The input that has no record here. */
  readonly input: L;
  /** On the clock's monotonic time. */
  readonly since: number;
}

/**
 * What has turns, and what is committed as one: a partition by itself, or those of one number of topics that are co-partitioned. It
 * lasts for an assignment; its name, for as long as the app's topics are put together so.
 */
export class TaskOf<L extends TaskLane> implements TakesTurns {
  turn: Turn = 'none';
  /** Sequence numbers of all its inputs that may be given out, as `opened` counts them. */
  limit = Number.POSITIVE_INFINITY;
  /** Records handed out and not settled, of it alone. */
  maxUnsettled = Number.POSITIVE_INFINITY;
  /** What it waits for, with records of other inputs in hand. */
  wait: InputWait<L> | undefined;
  /** What it has waited for, where nothing was handed out since. */
  waited: InputWait<L> | undefined;
  /**
   * Stores are filled again by what was committed before: until all inputs have handed that out, none of them hands out what comes behind it; and
   * there is a barrier between the two, so that nothing is made of both.
   */
  filling = false;
  /** What is left to do before its inputs go on. */
  readonly jobs = new TaskJobs();
  #inputs: readonly L[] = [];
  #several = false;
  /** What was given out of those that are over. */
  #openedBefore = 0;
  #ended = false;

  /**
   * @param name such as `orders/0`, or `orders+payments/0`
   * @param byUnits it is committed by units of work, whatever the app's guarantee: it has states
   */
  constructor(
    readonly name: string,
    readonly byUnits = false,
  ) {}

  /** Those whose epoch goes on. */
  get inputs(): readonly L[] {
    return this.#inputs;
  }

  /** Where it never had another, as most tasks, nothing is chosen. */
  get only(): L | undefined {
    return this.#several ? undefined : this.#inputs[0];
  }

  /** It has handed out all that was committed before, and comes to the barrier behind it. */
  get filled(): boolean {
    return this.filling && this.#inputs.every(({ filled }) => filled);
  }

  add(input: L): void {
    this.#inputs = [...this.#inputs, input];
    this.#several = this.#inputs.length > 1;
  }

  /** Its epoch is over. */
  remove(input: L): void {
    this.#ended = true;
    this.#openedBefore += input.opened;
    this.#inputs = this.#inputs.filter(other => other !== input);
  }

  /** The epoch of one of its inputs is over: nothing is committed of it as a whole any more. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Sequence numbers given out. */
  get opened(): number {
    const { only } = this;
    if (only !== undefined) return this.#openedBefore + only.opened;
    return this.#inputs.reduce((sum, { opened }) => sum + opened, this.#openedBefore);
  }

  /** Deliveries that are under way, those that a failure holds among them. */
  get unsettled(): number {
    return this.#inputs.reduce((sum, { unsettled }) => sum + unsettled, 0);
  }

  /** From the watermark to the newest delivery, of the input where that is longest. */
  get span(): number {
    return this.only?.span ?? this.#inputs.reduce((most, { span }) => Math.max(most, span), 0);
  }

  /** Records wait for nothing but their turn: here, or at the brokers, where most of a backlog lies that many partitions share. */
  get isBehind(): boolean {
    return (
      this.wait === undefined && this.#inputs.some(({ hasWork, beyond }) => hasWork || beyond === 'more')
    );
  }

  /** What is left to do of it comes to rest: a cut is about to be made. */
  get rests(): boolean {
    return this.#inputs.some(({ atBarrier, draining }) => atBarrier || draining);
  }

  get caughtUp(): boolean {
    return !this.filling && this.#inputs.every(({ caughtUp }) => caughtUp);
  }

  /** Nothing is pending but what a failure holds, or what is done for nothing. */
  get quiet(): boolean {
    return this.#inputs.every(({ quiet }) => quiet);
  }

  /** It has a record to hand out, and somebody to take it. */
  get mayHandOut(): boolean {
    const { only, filling } = this;
    if (this.jobs.any) return false;
    if (only !== undefined && !filling) return only.hasWork && only.heard && this.opened < this.limit;
    return (
      this.wait === undefined &&
      this.opened < this.limit &&
      // What is held of those that are filled waits for the others, or for the barrier alone.
      (this.filled ||
        this.#inputs.some(({ hasWork, heard, filled }) => hasWork && heard && !(filling && filled)) ||
        this.fillingWait !== undefined)
    );
  }

  /**
   * The input without which the others cannot go on while stores are filled again, where these have records in hand: of that none is here. In
   * its turn the task begins to wait for it.
   */
  get fillingWait(): L | undefined {
    if (!this.filling || !this.#inputs.some(({ hasWork, filled }) => hasWork && filled)) return undefined;
    return this.#inputs.find(({ hasWork, isRead, filled }) => isRead && !hasWork && !filled);
  }

  /** What is internal goes to this channel from now on, and where that is asked for its outputs as well. */
  writeTo(slot: number, outputsToo: boolean): void {
    for (const input of this.#inputs) {
      input.internalSlot = slot;
      if (outputsToo) input.outputSlot = slot;
    }
  }

  /** It hands out nothing more, and who has something of it lets that through at once. */
  stopAt(): void {
    this.limit = this.opened;
    for (const input of this.#inputs) input.atBarrier = true;
  }

  /** It may hand out so many more, of which so many may be unsettled. */
  goOn(records: number, maxUnsettled: number): void {
    // All that it had handed out has settled.
    if (this.filled) this.filling = false;
    this.maxUnsettled = maxUnsettled;
    this.limit = this.opened + records;
    for (const input of this.#inputs) input.atBarrier = false;
  }

  /** Nothing more of this epoch is committed, whatever settles: nobody waits for that. */
  abandon(): void {
    for (const input of this.#inputs) input.abandoned = true;
  }
}
