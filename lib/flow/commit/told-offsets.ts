import type { PartitionOffset } from '../../drivers/port.js';

/** As a sentence has them: the first by name, and how many others. */
export function toldOffsets([first, ...others]: readonly PartitionOffset[]): string {
  if (first === undefined) return 'nothing';
  const named = `partition ${first.partition} of '${first.topic}' up to offset ${first.offset}`;
  return others.length === 0 ? named : `${named} and ${others.length} other partitions`;
}
