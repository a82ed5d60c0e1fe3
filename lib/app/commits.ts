import type { KafkaRxError } from '../errors/errors.js';
import type { CommitResult, Committer } from '../flow/commit/committer.js';
import type { Instruments } from '../logging/metrics/instruments.js';
import type { Lifecycle } from './lifecycle/lifecycle.js';

/** The end of the app's pipeline as a drain sees it: what settled is committed now, or forgotten, or no more. */
export class Commits {
  readonly #lifecycle: Lifecycle;
  readonly #instruments: Instruments;
  #committer: Committer | undefined;
  #failure: KafkaRxError | undefined;

  constructor(lifecycle: Lifecycle, instruments: Instruments) {
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
    if (result.error?.code !== 'COMMIT_REFUSED') this.#failure = result.error;
  }

  /** Why the last commit was not confirmed, until one is. */
  get waits(): readonly string[] {
    if (this.#failure === undefined) return [];
    return [`the last commit was not confirmed, and is tried again with the next: ${this.#failure.message}`];
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
