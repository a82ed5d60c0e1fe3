import type { OffsetCommit } from '../../drivers/port.js';
import type { CommitSource } from './commit-cycle.js';
import type { CommitLane } from './task-commit.js';

/** Lanes whose watermark moved since a commit took them: what may be committed of each is looked up when one is due. */
export class DirtyLanes implements CommitSource {
  readonly #dirty = new Set<CommitLane>();
  /** Of what was taken last. */
  readonly #laneOf = new Map<OffsetCommit, CommitLane>();

  get waits(): boolean {
    return this.#dirty.size > 0;
  }

  mark(lane: CommitLane): void {
    // For each record that settles in its turn.
    if (lane.dirty) return;
    lane.dirty = true;
    this.#dirty.add(lane);
  }

  forget(lane: CommitLane): void {
    this.#dirty.delete(lane);
    lane.dirty = false;
  }

  take(): readonly OffsetCommit[] {
    this.#laneOf.clear();
    for (const lane of this.#dirty) {
      lane.dirty = false;
      if (lane.ended) continue;
      const { topic, partition, epoch, watermark } = lane;
      this.#laneOf.set({ topic, partition, epoch, offset: watermark.offset }, lane);
    }
    this.#dirty.clear();
    return [...this.#laneOf.keys()];
  }

  isOurs(offset: OffsetCommit): boolean {
    return this.#laneOf.get(offset)?.ended === false;
  }

  putBack(offset: OffsetCommit): void {
    const lane = this.#laneOf.get(offset);
    // By then it may stand higher: what is newest is looked up again.
    if (lane !== undefined && this.isOurs(offset)) this.mark(lane);
  }
}
