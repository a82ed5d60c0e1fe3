import { CommitCycle, type CommitResult, type CommitTarget, type CommitUnderWay } from './commit-cycle.js';
import type { CommitterOptions } from './committer-options.js';
import { DirtyLanes } from './dirty-lanes.js';
import type { CommitLane, TaskCommit } from './task-commit.js';

/**
 * At least once, without state: commits how far each partition is settled, of all that moved in one request. It stops
 * nothing: records above a watermark are under way meanwhile, and come again after a crash.
 */
export class WatermarkCommit implements TaskCommit {
  readonly #lanes = new DirtyLanes();
  readonly #cycle: CommitCycle;

  /** @param report hears of each commit, confirmed or given up */
  constructor(target: CommitTarget, options: CommitterOptions, report: (result: CommitResult) => void) {
    this.#cycle = new CommitCycle(this.#lanes, target, options, report);
  }

  get underWay(): CommitUnderWay | undefined {
    return this.#cycle.underWay;
  }

  moved(lane: CommitLane): void {
    this.#lanes.mark(lane);
    this.#cycle.moved();
  }

  handedOut(): void {}

  forget(lane: CommitLane): void {
    this.#lanes.forget(lane);
  }

  flush(): Promise<void> {
    return this.#cycle.flush();
  }

  close(): void {
    this.#cycle.close();
  }
}
