import type { TopicView } from './topic-view.js';

/**
 * Sentences on what a member has nothing to read of: sources whose RegExp no topic matches, and all of them where its group gave it
 * no partition. Neither is a fault, and both look like an input that is empty.
 *
 * @param topics what is subscribed
 * @param partitions how many the member holds
 */
export function nothingToRead(
  views: readonly Pick<TopicView, 'name' | 'pattern'>[],
  topics: readonly string[],
  partitions: number,
): readonly string[] {
  const reasons = views
    .filter(({ pattern }) => pattern.dynamic && !topics.some(topic => pattern.matches(topic)))
    .map(
      ({ name }) =>
        `no topic matches the source ${name}, apart from internal ones and what this app writes: it is looked up again`,
    );
  if (partitions === 0 && topics.length > 0) {
    reasons.push('this member holds no partition: its group has others for all there are, and it stands by');
  }
  return reasons;
}
