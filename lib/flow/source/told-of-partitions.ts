import type { TopicPartition } from '../../drivers/port.js';

/** Partitions told by name; of more only how many. */
const toldByName = 3;

/** Sentences that begin with the partition that they are of: the first few, and how many others. */
export function toldOfPartitions<T extends TopicPartition>(
  all: readonly T[],
  predicate: (one: T) => string,
): readonly string[] {
  const sentences = all
    .slice(0, toldByName)
    .map(one => `partition ${one.partition} of '${one.topic}' ${predicate(one)}`);
  if (all.length > toldByName) sentences.push(`so it is with ${all.length - toldByName} other partitions`);
  return sentences;
}
