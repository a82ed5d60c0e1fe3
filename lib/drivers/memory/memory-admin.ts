import { checkStartFrom } from '../../base/check-start-from.js';
import { beyondTheEnd, checkDeletions, keepsItsRecords } from '../deletions.js';
import type {
  CommittedText,
  DriverAdmin,
  NewTopic,
  OffsetsOptions,
  PartitionOffset,
  StartFrom,
} from '../port.js';
import type { Cluster } from './cluster.js';

/** Questions and orders to the embedded cluster. Functions and not methods: callers take them off the object. */
export class MemoryAdmin implements DriverAdmin {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  readonly createTopics = async (topics: readonly NewTopic[]): Promise<void> => {
    const cluster = this.#reached();
    for (const { name, partitions, configs } of topics) {
      if (cluster.partitionCount(name) === 0) cluster.ensureTopic(name, partitions, configs);
    }
  };

  readonly deleteTopics = async (names: readonly string[]): Promise<void> => {
    const cluster = this.#reached();
    for (const name of names) if (cluster.partitionCount(name) > 0) cluster.deleteTopic(name);
  };

  readonly deleteRecords = async (offsets: readonly PartitionOffset[]): Promise<void> => {
    checkDeletions(offsets);
    const cluster = this.#reached();
    for (const at of offsets) cluster.log(at);
    for (const at of offsets) {
      const log = cluster.log(at);
      const policy = cluster.configs(at.topic)['cleanup.policy'];
      if (policy !== undefined && !policy.includes('delete')) throw keepsItsRecords(at);
      if (at.offset > log.endOffset) throw beyondTheEnd(at);
      log.removeBefore(at.offset);
    }
  };

  readonly offsets = async (
    topic: string,
    at: StartFrom,
    { readCommitted = false }: OffsetsOptions = {},
  ): Promise<readonly number[]> => {
    checkStartFrom('offsets', at);
    const logs = this.#reached().logs(topic);
    // As Kafka answers: what is not stable yet is no record, and so the end is meant.
    return logs.map(log => Math.min(log.offsetAt(at), log.bound(readCommitted)));
  };

  readonly committed = async (groupId: string, topic: string): Promise<readonly number[]> =>
    (await this.commits(groupId, topic)).map(({ offset }) => offset);

  readonly commits = async (groupId: string, topic: string): Promise<readonly CommittedText[]> => {
    const cluster = this.#reached();
    const group = cluster.group(groupId);
    return cluster.logs(topic).map((_, partition) => {
      const { offset, metadata } = group.committed({ topic, partition });
      return { offset, metadata };
    });
  };

  readonly resetOffsets = async (groupId: string, offsets: readonly PartitionOffset[]): Promise<void> => {
    const cluster = this.#reached();
    for (const at of offsets) cluster.log(at);
    const refused = cluster.group(groupId).reset(offsets);
    if (refused !== undefined) throw refused;
  };

  #reached(): Cluster {
    this.#cluster.requireReachable();
    return this.#cluster;
  }
}
