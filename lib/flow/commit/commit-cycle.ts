import { doublingMs } from '../../base/backoff.js';
import type { Timer } from '../../base/clock.js';
import type { OffsetCommit } from '../../drivers/port.js';
import { errorKind, isKafkaRxError, KafkaRxError } from '../../errors/errors.js';
import type { CommitterOptions } from './committer-options.js';

/** Where commits go: a driver's consumer, or anything that confirms offsets. */
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

/** What may be committed, as a cycle asks for it when a commit is due. */
export interface CommitSource {
  /** Something waits that no commit carries. */
  readonly waits: boolean;
  /** Takes what waits: of each partition the newest offset that may be committed. What was taken before is over. */
  take(): readonly OffsetCommit[];
  /** Of what was taken last: whether the partition has not been given up since. */
  isOurs(offset: OffsetCommit): boolean;
  /** Of what was taken last, and not confirmed: it waits again, unless something newer does or the partition was given up. */
  putBack(offset: OffsetCommit): void;
}

/**
 * When commits are made, and what becomes of each: one in flight, and everything since merged into the next.
 *
 * What a failed commit carried waits for the next, unless something newer does already, or the partition was given up:
 * then its new owner starts at the last confirmed offset.
 */
export class CommitCycle {
  readonly #source: CommitSource;
  readonly #target: CommitTarget;
  readonly #options: CommitterOptions;
  readonly #report: (result: CommitResult) => void;
  /** How often something moved since the last commit was made. */
  #moves = 0;
  #underWay: CommitUnderWay | undefined;
  #inFlight: Promise<void> | undefined;
  #timer: Timer | undefined;
  /** Ends the wait before the next try of a commit. */
  #tryNow: () => void = () => {};
  #closed = false;

  constructor(
    source: CommitSource,
    target: CommitTarget,
    options: CommitterOptions,
    report: (result: CommitResult) => void,
  ) {
    this.#source = source;
    this.#target = target;
    this.#options = options;
    this.#report = report;
  }

  /** What is being committed now. */
  get underWay(): CommitUnderWay | undefined {
    return this.#underWay;
  }

  /** Something of the source moved, and waits: for an interval from the first on, or until `every` have. */
  moved(): void {
    if (this.#closed) return;
    this.#moves++;
    if (this.#inFlight !== undefined) return;
    if (this.#moves >= this.#options.every) this.#start('every');
    else this.#startLater();
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
  }

  #startLater(): void {
    this.#timer ??= this.#options.clock.schedule(() => this.#start('interval'), this.#options.intervalMs);
  }

  #start(trigger: CommitTrigger): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#closed) return;
    const offsets = this.#source.take();
    this.#moves = 0;
    if (offsets.length === 0) return;
    this.#inFlight = this.#commit(offsets, trigger).then(unconfirmed => {
      this.#inFlight = undefined;
      this.#underWay = undefined;
      if (this.#closed) return;
      for (const offset of unconfirmed) this.#source.putBack(offset);
      if (this.#moves >= this.#options.every) this.#start('every');
      else if (this.#source.waits) this.#startLater();
    });
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

  #ours(offsets: readonly OffsetCommit[]): readonly OffsetCommit[] {
    return offsets.filter(offset => this.#source.isOurs(offset));
  }
}
