import type { MemoryBroker } from '../../drivers/memory/index.js';
import type { PartitionOffset, TopicPartition } from '../../drivers/port.js';
import { filledUpTo, topicIn } from './commit-texts.js';
import type { Journal } from './journal.js';
import type { StoredOffset } from './offset-labels.js';
import type { Workload } from './workload.js';

/** Watches what the broker stores of the group's offsets: they never go back, and never beyond the log. */
export class CommitWatch {
  /** Below which no commit may be, by topic id and partition: what was committed since an app last said that it goes back. */
  readonly #floor = new Map<string, number>();
  /** How far each incarnation has come that reads again what is committed, to fill a store, likewise. */
  readonly #readAgain = new Map<string, Map<string, number>>();
  readonly #groupId: string;
  readonly #broker: MemoryBroker;
  readonly #workload: Workload;
  readonly #journal: Journal;
  readonly #topics: readonly string[];

  /** @param internal topics that the group makes, and reads */
  constructor(
    groupId: string,
    broker: MemoryBroker,
    workload: Workload,
    journal: Journal,
    internal: readonly string[],
  ) {
    this.#topics = [...workload.topics, ...internal];
    this.#groupId = groupId;
    this.#broker = broker;
    this.#workload = workload;
    this.#journal = journal;
  }

  stored(process: string, offsets: readonly StoredOffset[]): void {
    for (const { topic, topicId, partition, offset, metadata } of offsets) {
      const key = `${topicId}/${partition}`;
      const before = this.#floor.get(key) ?? -1;
      const what = `${process} committed ${offset} of ${topic}/${partition}`;
      if (offset < before) this.#journal.violated('commits never go back', `${what} after ${before}`);
      this.#floor.set(key, Math.max(before, offset));
      const again = this.#readAgain.get(process);
      if (again?.has(key) === true) again.set(key, filledUpTo(metadata) ?? offset);
      // Of a topic that is gone nobody can tell any more where it ended.
      if (topicId !== this.#workload.topicId(topic)) continue;
      const end = this.#broker.endOffsets(topic)[partition] ?? 0;
      if (offset > end)
        this.#journal.violated('commits stay within the log', `${what}, which ends at ${end}`);
    }
  }

  /** An incarnation has said that it begins below what was committed; `to` of this partition, where it says that. */
  goesBack(incarnation: string, to: PartitionOffset | undefined): void {
    this.#floor.clear();
    if (to === undefined) return;
    const again = this.#readAgain.get(incarnation) ?? new Map<string, number>();
    again.set(`${this.#workload.topicId(to.topic)}/${to.partition}`, to.offset);
    this.#readAgain.set(incarnation, again);
  }

  /** It has been asked where a partition begins, and begins at what is committed: what it was to read again it has read, or noted by then. */
  beginsAtCommit(incarnation: string, { topic, partition }: TopicPartition): void {
    this.#readAgain.get(incarnation)?.delete(`${this.#workload.topicId(topic)}/${partition}`);
  }

  /** It has no partition any more: whoever has them looks himself where to begin. */
  hasNone(incarnation: string): void {
    this.#readAgain.delete(incarnation);
  }

  /** The group has committed all there is of what it reads. Asked at each step: of the cluster itself, which looks at no arguments. */
  isLevel(): boolean {
    const { cluster } = this.#broker;
    const group = cluster.group(this.#groupId);
    return this.#topics.every(topic => {
      if (cluster.partitionCount(topic) === 0) return false;
      const id = this.#workload.topicId(topic);
      return cluster.logs(topic).every(({ endOffset }, partition) => {
        if (endOffset === 0) return true;
        const { offset, metadata } = group.committed({ topic, partition });
        if (offset < endOffset || (topicIn(metadata) ?? id) !== id) return false;
        const key = `${id}/${partition}`;
        for (const offsets of this.#readAgain.values())
          if ((offsets.get(key) ?? endOffset) < endOffset) return false;
        return true;
      });
    });
  }
}
