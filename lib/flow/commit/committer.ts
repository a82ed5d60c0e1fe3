import { doublingMs } from '../../base/backoff.js';
import type { Clock, Timer } from '../../base/clock.js';
import { clock, milliseconds, whole } from '../../base/option-kinds.js';
import type { Fields } from '../../base/option-schema.js';
import type { OffsetCommit } from '../../drivers/port.js';
import { errorKind, isKafkaRxError, KafkaRxError } from '../../errors/errors.js';

/** Where commit points go: a driver's consumer, or anything that confirms offsets. */
export interface CommitTarget {
  commit(offsets: readonly OffsetCommit[]): Promise<void>;
}

/** Why a commit was made. */
export type CommitTrigger = 'every' | 'interval' | 'flush';

/** A commit that the broker has confirmed, or one that failed for good. */
export interface CommitResult {
  readonly trigger: CommitTrigger;
  readonly offsets: readonly OffsetCommit[];
  /** Milliseconds from the request to the answer, retries included. */
  readonly tookMs: number;
  /** Undefined: confirmed. */
  readonly error: KafkaRxError | undefined;
}

/** A commit on its way. */
export interface CommitUnderWay {
  readonly offsets: readonly OffsetCommit[];
  /** When it was sent first, on the clock's monotonic time. */
  readonly since: number;
  /** Tries that have failed, and why the last one did. */
  readonly failures: number;
  readonly error: KafkaRxError | undefined;
}

export interface CommitterOptions {
  readonly clock: Clock;
  /** Milliseconds between commits. */
  readonly intervalMs: number;
  /** Commit as soon as this many commit points wait; in order, that is one for each record. */
  readonly every: number;
  /**
   * Tries of one commit before it is given up; only retriable errors are tried again, after 100 ms, doubling up to 3 s.
   * Worst case for the default of 10 tries, without the requests themselves: 100 + 200 + … + 3,000 ms = 15.1 s.
   */
  readonly attempts: number;
}

export const committerOptions: Fields<CommitterOptions> = {
  clock,
  intervalMs: milliseconds(1, { endless: true }),
  every: whole(1, { endless: true }),
  attempts: whole(1, { endless: true }),
};

/**
 * @param at before the names of the options: `commit.`, or nothing
 * @throws `CONFIGURATION` when neither option ever lets a commit go
 */
export function checkCommits(
  caller: string,
  at: string,
  { intervalMs, every }: { readonly intervalMs?: number | undefined; readonly every?: number | undefined },
): void {
  if (intervalMs !== Number.POSITIVE_INFINITY || every !== Number.POSITIVE_INFINITY) return;
  throw new KafkaRxError(
    'CONFIGURATION',
    `${caller}: ${at}intervalMs and ${at}every are both Infinity: nothing would be committed before the end`,
    { remedy: 'Give one of them a bound; the one that is reached first commits' },
  );
}

/**
 * Commits the newest offset of each partition: one commit in flight, and everything since merged into the next.
 *
 * What a failed commit carried waits for the next, unless something newer does already, or the partition was given up:
 * then its new owner starts at the last confirmed offset.
 */
export class Committer {
  /** By topic and partition: the newest point that no commit carries yet. Two steps, since a joined name is a string a record. */
  readonly #waiting = new Map<string, Map<number, OffsetCommit>>();
  readonly #target: CommitTarget;
  readonly #options: CommitterOptions;
  readonly #report: (result: CommitResult) => void;
  /** Partitions given up while a commit of theirs may be in flight. */
  readonly #forgotten = new Set<string>();
  #pointsWaiting = 0;
  #underWay: CommitUnderWay | undefined;
  #inFlight: Promise<void> | undefined;
  #timer: Timer | undefined;
  /** Ends the wait before the next try of a commit. */
  #tryNow: () => void = () => {};
  #closed = false;

  constructor(target: CommitTarget, options: CommitterOptions, report: (result: CommitResult) => void) {
    this.#target = target;
    this.#options = options;
    this.#report = report;
  }

  /** What is being committed now. */
  get underWay(): CommitUnderWay | undefined {
    return this.#underWay;
  }

  /** Takes a commit point; a newer one of the same partition replaces it. */
  add(point: OffsetCommit): void {
    if (this.#closed) return;
    this.#waitingOf(point.topic).set(point.partition, point);
    this.#pointsWaiting++;
    if (this.#inFlight !== undefined) return;
    if (this.#pointsWaiting >= this.#options.every) this.#start('every');
    else
      this.#timer ??= this.#options.clock.schedule(() => this.#start('interval'), this.#options.intervalMs);
  }

  /** Drops what waits of a partition that was lost or given up. */
  forget(topic: string, partition: number): void {
    const partitions = this.#waiting.get(topic);
    partitions?.delete(partition);
    if (partitions?.size === 0) this.#waiting.delete(topic);
    this.#forgotten.add(`${topic}/${partition}`);
  }

  /** Commits everything that waits, now. Resolves when it was confirmed or all tries have failed; never rejects. */
  async flush(): Promise<void> {
    await this.#inFlight;
    if (this.#inFlight === undefined) this.#start('flush');
    await this.#inFlight;
  }

  /** Cancels all timers; what waits is not committed, and what has failed is not tried again. */
  close(): void {
    this.#closed = true;
    this.#tryNow();
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#waiting.clear();
  }

  #start(trigger: CommitTrigger): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#waiting.size === 0) return;
    const offsets = [...this.#waiting.values()].flatMap(partitions => [...partitions.values()]);
    this.#waiting.clear();
    this.#pointsWaiting = 0;
    this.#forgotten.clear();
    this.#inFlight = this.#commit(offsets, trigger).then(unconfirmed => {
      this.#inFlight = undefined;
      this.#underWay = undefined;
      for (const offset of unconfirmed) this.#keep(offset);
      if (this.#pointsWaiting >= this.#options.every) this.#start('every');
      else if (this.#waiting.size > 0) {
        this.#timer ??= this.#options.clock.schedule(() => this.#start('interval'), this.#options.intervalMs);
      }
    });
  }

  /** For the next commit, unless something newer waits. */
  #keep(offset: OffsetCommit): void {
    const { topic, partition } = offset;
    if (this.#closed || this.#forgotten.has(`${topic}/${partition}`)) return;
    const partitions = this.#waitingOf(topic);
    if (!partitions.has(partition)) partitions.set(partition, offset);
  }

  #waitingOf(topic: string): Map<number, OffsetCommit> {
    let partitions = this.#waiting.get(topic);
    if (partitions === undefined) {
      partitions = new Map();
      this.#waiting.set(topic, partitions);
    }
    return partitions;
  }

  /** Before try number `attempt` + 1. */
  #wait(attempt: number): Promise<void> {
    return new Promise(resolve => {
      const timer = this.#options.clock.schedule(resolve, doublingMs(attempt, 100, 3000));
      this.#tryNow = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  /** Resolves to what was not confirmed. */
  async #commit(wanted: readonly OffsetCommit[], trigger: CommitTrigger): Promise<readonly OffsetCommit[]> {
    const { clock, attempts } = this.#options;
    const started = clock.elapsed();
    let offsets = wanted;
    let last: KafkaRxError | undefined;
    for (let attempt = 1; ; attempt++) {
      if (offsets.length === 0) return [];
      this.#underWay = { offsets, since: started, failures: attempt - 1, error: last };
      try {
        await this.#target.commit(offsets);
        this.#report({ trigger, offsets, tookMs: clock.elapsed() - started, error: undefined });
        return [];
      } catch (cause) {
        const error = isKafkaRxError(cause)
          ? cause
          : new KafkaRxError(
              'COMMIT_FAILED',
              `The commit of ${offsets.length} offsets failed (${errorKind(cause)})`,
              { cause, remedy: 'Look at what the target of the commits threw, which is its cause' },
            );
        if (error.code === 'COMMIT_REFUSED' && offsets.length > 1) return this.#commitApart(offsets, trigger);
        last = error;
        this.#underWay = { offsets, since: started, failures: attempt, error };
        // Also after the wait: who has closed it may have closed the connection too.
        if (error.retriable && attempt < attempts && !this.#closed) await this.#wait(attempt);
        if (!error.retriable || attempt >= attempts || this.#closed) {
          this.#report({ trigger, offsets, tookMs: clock.elapsed() - started, error });
          return offsets;
        }
        offsets = this.#ours(offsets);
      }
    }
  }

  /**
   * Some partition is not ours any more; it must not keep the others' offsets from being committed. Mostly the app has
   * heard of it, and what is left is one commit; otherwise it is looked for by halves: one among 500 takes 18 requests.
   */
  async #commitApart(
    offsets: readonly OffsetCommit[],
    trigger: CommitTrigger,
  ): Promise<readonly OffsetCommit[]> {
    const ours = this.#ours(offsets);
    if (ours.length < offsets.length) return this.#commit(ours, trigger);
    const middle = Math.ceil(ours.length / 2);
    return [
      ...(await this.#commit(ours.slice(0, middle), trigger)),
      ...(await this.#commit(this.#ours(ours.slice(middle)), trigger)),
    ];
  }

  /** Without the partitions that were given up meanwhile. */
  #ours(offsets: readonly OffsetCommit[]): readonly OffsetCommit[] {
    if (this.#forgotten.size === 0) return offsets;
    return offsets.filter(({ topic, partition }) => !this.#forgotten.has(`${topic}/${partition}`));
  }
}
