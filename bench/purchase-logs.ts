import { cdnowRecords } from '../demos/purchases/cdnow.js';
import { partitionForKey } from '../lib/flow/sinks/partitioner.js';
import { type LoggedRecord, NullLog } from './null-log.js';

/** The CDNOW purchases as they lie in the four partitions of `transactions`. */
export async function purchasePartitions(): Promise<readonly (readonly LoggedRecord[])[]> {
  const partitions: LoggedRecord[][] = [[], [], [], []];
  for await (const { key, value } of cdnowRecords()) {
    const bytes = Buffer.from(key ?? '');
    partitions[partitionForKey(bytes, partitions.length)]?.push({ key: bytes, value });
  }
  return partitions;
}

/** Fresh logs over these records, repeated until there are `records` in all (a few fewer: whole partitions are alike). */
export function purchaseLogs(
  partitions: readonly (readonly LoggedRecord[])[],
  records: number,
): readonly NullLog[] {
  const all = partitions.reduce((sum, partition) => sum + partition.length, 0);
  return partitions.map(partition => new NullLog(partition, Math.floor((partition.length / all) * records)));
}
