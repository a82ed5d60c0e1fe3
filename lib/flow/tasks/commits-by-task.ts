import type { CommitUnderWay } from '../commit/commit-cycle.js';
import type { CommitLane, FailingTask, TaskCommit } from '../commit/task-commit.js';

/**
 * At least once: a task without states is committed up to its watermarks, which stops nothing; one that has states by units of work, so that these
 * are exact whatever comes again.
 */
export class CommitsByTask implements TaskCommit {
  readonly #watermarks: TaskCommit;
  readonly #units: TaskCommit;

  constructor(watermarks: TaskCommit, units: TaskCommit) {
    this.#watermarks = watermarks;
    this.#units = units;
  }

  get underWay(): CommitUnderWay | undefined {
    const [one, other] = [this.#watermarks.underWay, this.#units.underWay];
    if (one === undefined || other === undefined) return one ?? other;
    return one.since <= other.since ? one : other;
  }

  get failing(): readonly FailingTask[] | undefined {
    const failing = this.#units.failing ?? [];
    // Undefined says that what fails is tried again with the next commit.
    return failing.length === 0 ? undefined : failing;
  }

  moved(lane: CommitLane): void {
    if (lane.task.byUnits === true) this.#units.moved(lane);
    else this.#watermarks.moved(lane);
  }

  handedOut(lane: CommitLane): void {
    if (lane.task.byUnits === true) this.#units.handedOut(lane);
  }

  forget(lane: CommitLane): void {
    if (lane.task.byUnits === true) this.#units.forget(lane);
    else this.#watermarks.forget(lane);
  }

  async flush(): Promise<void> {
    await Promise.all([this.#watermarks.flush(), this.#units.flush()]);
  }

  close(): void {
    this.#watermarks.close();
    this.#units.close();
  }
}
