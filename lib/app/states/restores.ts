import type { TaskRestoreProgress } from '../../state/restore.js';
import type { Wait } from '../lifecycle/waits.js';

/** The tasks whose states are being restored, and how far that is. They do not begin before; other tasks run meanwhile. */
export class Restores {
  /** By task, how many are under way. */
  readonly #underWay = new Map<string, number>();
  /** By task, of the changelog that it reads now; undefined: no broker has answered yet. */
  readonly #progress = new Map<string, TaskRestoreProgress>();

  async during(task: string, work: () => Promise<void>): Promise<void> {
    this.#underWay.set(task, (this.#underWay.get(task) ?? 0) + 1);
    try {
      await work();
    } finally {
      const left = (this.#underWay.get(task) ?? 1) - 1;
      if (left > 0) this.#underWay.set(task, left);
      else {
        this.#underWay.delete(task);
        this.#progress.delete(task);
      }
    }
  }

  told(progress: TaskRestoreProgress): void {
    if (this.#underWay.has(progress.task)) this.#progress.set(progress.task, progress);
  }

  has(task: string): boolean {
    return this.#underWay.has(task);
  }

  /** Those of which a broker has answered. */
  get all(): readonly TaskRestoreProgress[] {
    return [...this.#progress.values()];
  }

  /** The app is not ready: of these tasks it does not do its work. */
  get waits(): readonly Wait[] {
    return [...this.#underWay.keys()].map(task => ({ reason: reasonOf(task, this.#progress.get(task)) }));
  }
}

function reasonOf(task: string, progress: TaskRestoreProgress | undefined): string {
  if (progress === undefined) return `the task ${task} is about to restore its states`;
  const { state, topic, have, need, rate, etaMs } = progress;
  const eta = etaMs === undefined ? '' : `, ${Math.ceil(etaMs / 1000)} s to go`;
  return `the task ${task} restores the state '${state}' of ${topic}: ${have} of ${have + need} offsets, ${Math.round(rate)} a second${eta}`;
}
