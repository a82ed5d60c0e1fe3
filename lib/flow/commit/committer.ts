import type { OffsetCommit } from '../../drivers/port.js';
import { CommitCycle, type CommitResult, type CommitTarget, type CommitUnderWay } from './commit-cycle.js';
import type { CommitterOptions } from './committer-options.js';
import { WaitingPoints } from './waiting-points.js';

/** Commits the points that it is handed, as a {@link CommitCycle} does: `commitTo` without rxjs. */
export class Committer {
  readonly #points = new WaitingPoints();
  readonly #cycle: CommitCycle;

  constructor(target: CommitTarget, options: CommitterOptions, report: (result: CommitResult) => void) {
    this.#cycle = new CommitCycle(this.#points, target, options, report);
  }

  /** What is being committed now. */
  get underWay(): CommitUnderWay | undefined {
    return this.#cycle.underWay;
  }

  /** Takes a commit point; a newer one of the same partition replaces it. */
  add(point: OffsetCommit): void {
    this.#points.add(point);
    this.#cycle.moved();
  }

  /** Drops what waits of a partition that was lost or given up. */
  forget(topic: string, partition: number): void {
    this.#points.forget({ topic, partition });
  }

  /** @see CommitCycle.flush */
  flush(): Promise<void> {
    return this.#cycle.flush();
  }

  /** @see CommitCycle.close */
  close(): void {
    this.#cycle.close();
  }
}
