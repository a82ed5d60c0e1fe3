/** What the logs of the embedded broker say of transactions. */
import type { MemoryBroker } from '../../drivers/memory/index.js';
import type { DecidedRecord } from './simulation-parts.js';

/** Partitions whose readers of committed records wait for a transaction that nobody has ended. */
export function openPartitions({ cluster }: MemoryBroker): readonly string[] {
  return cluster.describe().flatMap(({ name }) =>
    cluster.logs(name).flatMap((log, partition) => {
      const [stable, end] = [log.bound(true), log.bound(false)];
      return stable < end ? [`${name}/${partition} can be read to ${stable} of ${end}`] : [];
    }),
  );
}

/** What readers of committed records have got, or will once all that is open before it has ended; none of a topic that there is not. */
export function decidedRecords({ cluster }: MemoryBroker, topic: string): readonly DecidedRecord[] {
  if (cluster.partitionCount(topic) === 0) return [];
  return cluster
    .logs(topic)
    .flatMap((log, partition) =>
      [...log.decided()].map(({ offset, value, headers }) => ({ partition, offset, value, headers })),
    );
}
