import { partitionKey } from '../base/partition-key.js';
import type { TopicDescription } from './port.js';

/** A group as a member finds it before it joins for the first time. */
export interface GroupFound {
  /** Whether anything is committed, of whatever topic. */
  readonly hasOffsets: boolean;
  /** The subscribed topics that exist. */
  readonly topics: readonly Pick<TopicDescription, 'id' | 'partitions'>[];
}

/**
 * What it means that a group has no offset of a partition. Either the group itself is new: then `startFrom` says where the
 * partition begins. Or the partition is new to the group (it was added, its topic was created or subscribed to later, its offset
 * has expired): then it begins at its first record, or that would never be read.
 *
 * A member tells the two apart by what it finds when it first comes: a group without any offset is new, and so are to it the
 * partitions that there are at that moment, until they have an offset. All else is younger than the group. Topics count by their
 * ids, so that one made anew under an old name is younger too.
 */
export class GroupBeginning {
  /** The partitions that `startFrom` is about, and where they began. Only ever shrinks. */
  readonly #first = new Map<string, number | undefined>();
  #found: Promise<void> | undefined;

  /** Looks once; a look that fails is repeated by the next call. */
  look(find: () => Promise<GroupFound>): Promise<void> {
    this.#found ??= find().then(
      group => this.found(group),
      error => {
        this.#found = undefined;
        throw error;
      },
    );
    return this.#found;
  }

  found({ hasOffsets, topics }: GroupFound): void {
    if (hasOffsets) return;
    for (const { id, partitions } of topics) {
      for (let partition = 0; partition < partitions; partition++) {
        this.#first.set(partitionKey({ topic: id, partition }), undefined);
      }
    }
  }

  /** Whether `startFrom` says where this partition begins, as long as the group has no offset of it. */
  isFirst(topicId: string, partition: number): boolean {
    return this.#first.has(partitionKey({ topic: topicId, partition }));
  }

  /** Where it began, so that `latest` means the same at the next assignment. */
  began(topicId: string, partition: number): number | undefined {
    return this.#first.get(partitionKey({ topic: topicId, partition }));
  }

  begins(topicId: string, partition: number, offset: number): void {
    const key = partitionKey({ topic: topicId, partition });
    if (this.#first.has(key)) this.#first.set(key, offset);
  }

  /** The group has an offset of it: its beginning is over. */
  isOver(topicId: string, partition: number): void {
    this.#first.delete(partitionKey({ topic: topicId, partition }));
  }
}
