/**
 * Kafka keeps committed offsets by the name of their topic, and takes one also where the topic was deleted and made anew
 * meanwhile. So each commit says, in its metadata, which topic it is of.
 */
import { sectionIn, withoutSection, withSection } from '../base/commit-metadata.js';
import type { OffsetCommit } from './port.js';

/** What a group has committed of a partition. */
export interface Committed {
  /** -1 where it has committed nothing. */
  readonly offset: number;
  readonly metadata: string;
  /** Of the last record below the offset, as Kafka counts leaders; undefined where nobody said. */
  readonly leaderEpoch?: number | undefined;
}

/** A commit as the brokers keep it. */
export interface StoredCommit extends OffsetCommit {
  /** @see Committed.leaderEpoch */
  readonly leaderEpoch?: number | undefined;
}

export const nothingCommitted: Committed = { offset: -1, metadata: '' };

/** The commit as it is sent; without an id, it does not say which topic it is of. */
export function committedOf(
  offset: OffsetCommit,
  topicId: string | undefined,
  leaderEpoch?: number | undefined,
): StoredCommit {
  if (topicId === undefined) return { ...offset, leaderEpoch };
  return { ...offset, metadata: withSection(offset.metadata ?? '', 'topic', topicId), leaderEpoch };
}

/**
 * What a commit says of the topic with this id: nothing where it is of another one. One that does not say of which it is (another
 * tool's, or one from before there were sections) is taken as it is, and so is any where the id is not known.
 */
export function committedFor(committed: Committed, topicId: string | undefined): Committed {
  const { metadata } = committed;
  const of = sectionIn(metadata, 'topic');
  if (of !== undefined && topicId !== undefined && of !== topicId) return nothingCommitted;
  return { ...committed, metadata: withoutSection(metadata, 'topic') };
}
