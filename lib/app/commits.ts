import type { Clock } from '../base/clock.js';
import type { OffsetCommit } from '../drivers/port.js';
import type { KafkaRxError } from '../errors/errors.js';
import type { CommitResult } from '../flow/commit/commit-cycle.js';
import type { FailingTask, TaskCommit } from '../flow/commit/task-commit.js';
import { toldOffsets } from '../flow/commit/told-offsets.js';
import { toldOfPartitions } from '../flow/source/told-of-partitions.js';
import type { Instruments } from '../logging/metrics/instruments.js';
import type { Lifecycle } from './lifecycle/lifecycle.js';
import { slowMs } from './lifecycle/slow-work.js';
import type { Wait } from './lifecycle/waits.js';

/** The commits of an app, as its drains, its metrics and its health see them. */
export class Commits {
  readonly #lifecycle: Lifecycle;
  readonly #instruments: Instruments;
  readonly #fail: (error: KafkaRxError) => void;
  readonly #strategy: TaskCommit;
  readonly #clock: Clock;
  #failed: { readonly offsets: readonly OffsetCommit[]; readonly error: KafkaRxError } | undefined;

  /**
   * @param strategy by which the app's tasks are committed, and which tells each result
   * @param fail called with what no later commit can mend
   */
  constructor(
    clock: Clock,
    lifecycle: Lifecycle,
    instruments: Instruments,
    strategy: TaskCommit,
    fail: (error: KafkaRxError) => void,
  ) {
    this.#fail = fail;
    this.#clock = clock;
    this.#lifecycle = lifecycle;
    this.#instruments = instruments;
    this.#strategy = strategy;
  }

  told(result: CommitResult): void {
    const { commits, commitSeconds } = this.#instruments;
    commits.add(1, { outcome: result.error?.code ?? 'confirmed' });
    commitSeconds.observe(result.tookMs / 1000);
    this.#lifecycle.tell({ type: 'commit', result });
    // A partition that is another member's by now is no trouble of this one's.
    const { error, offsets } = result;
    if (error === undefined) this.#failed = undefined;
    // Made of what is wired and of the brokers' limits: no other commit would be taken.
    else if (error.code === 'CONFIGURATION') this.#fail(error);
    else if (error.code !== 'COMMIT_REFUSED') this.#failed = { offsets, error };
  }

  /** What is not confirmed, though it should be by now: until the next one is. */
  get waits(): readonly Wait[] {
    const { underWay, failing } = this.#strategy;
    const waits: Wait[] = [];
    // Each tells of itself until it passes: another's commit says nothing of it.
    if (failing !== undefined) {
      for (const reason of toldOfPartitions(failing, toldOfFailing)) waits.push({ reason, ready: true });
    }
    if (underWay !== undefined) {
      const ms = this.#clock.elapsed() - underWay.since;
      const { offsets, failures, error } = underWay;
      if (ms >= slowMs) {
        const tries = error === undefined ? '' : `, tried ${failures} times: ${error.message}`;
        const reason = `waits for a commit of ${toldOffsets(offsets)} to be confirmed, for ${Math.round(ms / 1000)} s now${tries}`;
        // One that is answered is tried again; where nobody answers, nothing says that it will ever end.
        waits.push({ reason, ready: error !== undefined });
      }
    }
    if (this.#failed !== undefined && failing === undefined) {
      const { offsets, error } = this.#failed;
      const next = error.retriable
        ? 'and is tried again with the next'
        : 'and none will be until this is mended';
      const reason = `the last commit, of ${toldOffsets(offsets)}, was not confirmed, ${next}: ${error.message}`;
      waits.push({ reason, ready: true });
    }
    return waits;
  }

  /** @see TaskCommit.flush */
  flush(): Promise<void> {
    return this.#strategy.flush();
  }

  /** @see TaskCommit.close */
  close(): void {
    this.#strategy.close();
  }
}

function toldOfFailing({ failures, error, isTaken }: FailingTask): string {
  return isTaken
    ? `waits for the group to say who has it: somebody else has opened its unit of work (${error.message}); where another program does ` +
        'so all the time, this app fails with that'
    : `repeats its records: ${failures} units of work failed one after the other, the last with: ${error.message}`;
}
