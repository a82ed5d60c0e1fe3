/**
 * From this offset on the records of a log were written by the leader with this epoch. Kafka counts a partition's leaders, and each
 * batch says which one it is of; `-1`: it does not say.
 */
export interface EpochStart {
  readonly epoch: number;
  readonly offset: number;
}

/** Entries kept: leaders change seldom, and only what is not committed yet is asked for. */
const kept = 64;
/** Below all offsets. */
const always = -1;

/**
 * Of which leaders' epochs the records are that were read of a partition. What two logs have in common is up to where their epochs part:
 * by that a log shows that it was truncated, and has grown again, since it was read (KIP-101, KIP-320).
 */
export class Lineage {
  /** Ascending by offset. */
  #starts: EpochStart[] = [];
  /** Of a commit that is above what is read. */
  #committed: { readonly epoch: number | undefined; readonly offset: number } | undefined;

  /**
   * Whatever was read before is forgotten: what comes next follows a record of this epoch, or one of which nothing is known.
   *
   * @param committed offset of the commit that said so, where that is above what comes next
   */
  goOn(epoch: number | undefined, committed?: number): void {
    const isKnown = epoch !== undefined && epoch >= 0;
    this.#starts = isKnown ? [{ epoch, offset: always }] : [];
    this.#committed =
      committed === undefined ? undefined : { epoch: isKnown ? epoch : undefined, offset: committed };
  }

  /** These were read, in order of offsets. */
  read(starts: readonly EpochStart[]): void {
    for (const start of starts) {
      if (start.epoch < 0 || start.epoch === this.#starts.at(-1)?.epoch) continue;
      this.#starts.push(start);
    }
    if (this.#starts.length > kept) this.#starts.splice(0, this.#starts.length - kept);
  }

  /** The epoch of the record before this offset; undefined where it is not known. */
  before(offset: number): number | undefined {
    // It may be committed once more before it is read, and what was read is of earlier leaders.
    if (offset === this.#committed?.offset) return this.#committed.epoch;
    return this.#starts.findLast(start => start.offset < offset)?.epoch;
  }

  /**
   * Up to where what was read up to `position` is in a log of which this epoch ends at `endOffset`, given that the log has no later one
   * that was read.
   */
  commonWith({ epoch, endOffset }: EpochEnd, position: number): number {
    const parted = this.#starts.find(start => start.epoch > epoch && start.offset !== always);
    return Math.min(position, endOffset, parted?.offset ?? position);
  }
}

/** The last epoch of a log that a reader may have in common with it, and the offset behind its last record. */
export interface EpochEnd {
  readonly epoch: number;
  readonly endOffset: number;
}
