/** What a task's units keep to; all of it more than 0. */
export interface UnitBounds {
  /** Milliseconds that a unit goes on before its barrier: how long its outputs wait to be seen. */
  readonly intervalMs: number;
  /** Records of one unit. */
  readonly maxRecords: number;
  /** Records of the task that are handed out and not settled. */
  readonly maxUnsettled: number;
  /** Milliseconds after which the coordinator aborts what is open. */
  readonly transactionTimeoutMs: number;
}

/** A unit that was committed. */
export interface CommittedUnit {
  /** What was under way when its barrier began, and how many milliseconds until all of it had settled. */
  readonly unsettled: number;
  readonly settleMs: number;
  /** Whether other records of the task waited when its barrier began. */
  readonly behind: boolean;
}

/** Of the interval: what waiting at the barrier may take, in which the task hands out nothing. */
const settleShare = 0.1;
/** Of the interval: what the brokers may take for a commit, while the task is in its next unit. Where they take longer, shorter units make them slower yet. */
const commitShare = 0.5;
/** An interval grows to this many of what was asked for, since outputs wait for it. */
const longestIntervals = 10;
/** Of the transaction's own time: what the longest unit leaves to its commit and to a coordinator that is away. */
const timeoutShare = 0.25;
/** Fewer at a time do not settle sooner where each takes long, since asynchronous calls run side by side: as long as the transaction has time for it. */
const fewestUnsettled = 32;
/**
 * A task begins with so many at a time, and all tasks of an app with so many together: how long they take is not known before the first
 * units, and tasks wait for each other where they share an operator that takes few at once.
 */
const firstUnsettled = 256;
const firstUnsettledOfAll = 2_048;
/**
 * What the tasks of an app commit together in a second where records wait. Each unit costs requests, batches and markers of its own, whatever it
 * holds, so that a hundred tasks of short units would be busy with these; records that wait gain nothing by them.
 */
const unitsPerSecond = 100;
const growth = 2;
const shrinking = 4;

/**
 * How long the units of one task go on, and how much they take. The interval is as asked for while settling at the barrier takes a
 * tenth of it; where that takes longer and records wait, or where so many tasks share the app that units would be most of its work, and where the brokers take half of it for a commit, the interval
 * grows first, which loses nothing but promptness, and then fewer records are under way at once. A unit that was aborted is tried again with a quarter of its records, down to one, so that whatever
 * cannot pass is alone at last; each that passes doubles them again.
 */
export class UnitPace {
  readonly #bounds: UnitBounds;
  readonly #tasks: () => number;
  readonly #longestMs: number;
  #intervalMs: number;
  /** Of the last commit. */
  #commitMs = 0;
  #maxRecords: number;
  #maxUnsettled: number;

  /** @param tasks how many the app has, now */
  constructor(bounds: UnitBounds, tasks: () => number) {
    this.#bounds = bounds;
    this.#tasks = tasks;
    const { intervalMs, transactionTimeoutMs } = bounds;
    this.#longestMs = Math.min(intervalMs * longestIntervals, transactionTimeoutMs * timeoutShare);
    this.#intervalMs = Math.min(intervalMs, this.#longestMs);
    this.#maxRecords = bounds.maxRecords;
    this.#maxUnsettled = Math.min(
      bounds.maxUnsettled,
      firstUnsettled,
      Math.max(1, Math.floor(firstUnsettledOfAll / Math.max(1, tasks()))),
    );
  }

  /** Milliseconds from the unit's first record to its barrier. */
  get intervalMs(): number {
    return this.#intervalMs;
  }

  /** Records of the next unit. */
  get maxRecords(): number {
    return this.#maxRecords;
  }

  /** Records of the task that may be under way at once. */
  get maxUnsettled(): number {
    return Math.min(this.#maxUnsettled, this.#maxRecords);
  }

  /** The next unit holds a single record: what fails in it is that record's. */
  get isSingle(): boolean {
    return this.#maxRecords === 1;
  }

  /** @param commitMs milliseconds that the brokers took */
  committed({ unsettled, settleMs, behind }: CommittedUnit, commitMs: number): void {
    const { intervalMs, maxRecords } = this.#bounds;
    this.#maxRecords = Math.min(maxRecords, this.#maxRecords * 2);
    // Where nothing waits, nothing is lost by short units.
    const ofBacklog = Math.max(settleMs / settleShare, (this.#tasks() * 1_000) / unitsPerSecond);
    // One that took long alone says nothing of the next.
    const ofBrokers = Math.min(this.#commitMs, commitMs) / commitShare;
    this.#commitMs = commitMs;
    const wanted = Math.min(Math.max(intervalMs, ofBrokers, behind ? ofBacklog : 0), this.#longestMs);
    // Shorter by little steps: one quick unit says little of the next.
    this.#intervalMs = Math.max(wanted, this.#intervalMs * (1 - settleShare));
    if (this.#intervalMs < intervalMs * (1 + settleShare)) this.#intervalMs = wanted;
    this.#maxUnsettled = Math.min(this.#bounds.maxUnsettled, this.#unsettledNext(unsettled, settleMs));
  }

  #unsettledNext(unsettled: number, settleMs: number): number {
    const now = this.#maxUnsettled;
    const held = Math.min(unsettled, now);
    const affordedMs = this.#longestMs * settleShare;
    const mostMs = this.#bounds.transactionTimeoutMs * timeoutShare;
    // A little more of it, and the brokers would abort the unit.
    if (settleMs > mostMs) return Math.max(1, Math.floor((held * mostMs) / settleMs));
    // At the moment of a barrier there are seldom quite as many as there may be.
    const isUsed = unsettled * growth >= now;
    if (now < fewestUnsettled)
      return isUsed && settleMs * growth <= mostMs ? Math.min(fewestUnsettled, now * growth) : now;
    if (settleMs > affordedMs) return Math.max(fewestUnsettled, Math.floor((held * affordedMs) / settleMs));
    return isUsed && settleMs * growth <= affordedMs ? now * growth : now;
  }

  /** @param records what the unit held */
  aborted(records: number): void {
    const held = Math.min(records, this.#maxRecords);
    if (held > 0) this.#maxRecords = Math.max(1, Math.floor(held / shrinking));
  }
}
