import type { Clock } from '../base/clock.js';
import type { OffsetCommit } from '../drivers/port.js';
import type { KafkaRxError } from '../errors/errors.js';
import type { CommitResult, Committer } from '../flow/commit/committer.js';
import { toldOffsets } from '../flow/commit/told-offsets.js';
import type { Instruments } from '../logging/metrics/instruments.js';
import type { Lifecycle } from './lifecycle/lifecycle.js';
import { slowMs } from './lifecycle/slow-work.js';
import type { Wait } from './lifecycle/waits.js';

/** The end of the app's pipeline as a drain sees it: what settled is committed now, or forgotten, or no more. */
export class Commits {
  readonly #lifecycle: Lifecycle;
  readonly #instruments: Instruments;
  readonly #fail: (error: KafkaRxError) => void;
  #committer: Committer | undefined;
  readonly #clock: Clock;
  #failed: { readonly offsets: readonly OffsetCommit[]; readonly error: KafkaRxError } | undefined;

  /** @param fail called with what no later commit can mend */
  constructor(
    clock: Clock,
    lifecycle: Lifecycle,
    instruments: Instruments,
    fail: (error: KafkaRxError) => void,
  ) {
    this.#fail = fail;
    this.#clock = clock;
    this.#lifecycle = lifecycle;
    this.#instruments = instruments;
  }

  /** The one behind `commitTo`, as soon as the pipeline is subscribed. */
  madeBy(committer: Committer): void {
    this.#committer = committer;
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
    const underWay = this.#committer?.underWay;
    const waits: Wait[] = [];
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
    if (this.#failed !== undefined) {
      const { offsets, error } = this.#failed;
      const next = error.retriable
        ? 'and is tried again with the next'
        : 'and none will be until this is mended';
      const reason = `the last commit, of ${toldOffsets(offsets)}, was not confirmed, ${next}: ${error.message}`;
      waits.push({ reason, ready: true });
    }
    return waits;
  }

  /** @see Committer.flush */
  async flush(): Promise<void> {
    await this.#committer?.flush();
  }

  /** @see Committer.forget */
  forget(topic: string, partition: number): void {
    this.#committer?.forget(topic, partition);
  }

  /** @see Committer.close */
  close(): void {
    this.#committer?.close();
  }
}
