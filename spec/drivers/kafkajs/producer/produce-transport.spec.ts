import type { Cluster } from '../../../../lib/drivers/kafkajs/internals/cluster.js';
import { ClusterTransport } from '../../../../lib/drivers/kafkajs/producer/produce-transport.js';

test('the partitions with a leader are those of the last metadata, looked up once for each answer', () => {
  let asked = 0;
  let leaders = [1, -1, 2];
  const brokerPool: { metadata: object | null } = { metadata: {} };
  const cluster = {
    brokerPool,
    findTopicPartitionMetadata: () => {
      asked++;
      // In no order, as brokers give them.
      return leaders.map((leader, partitionId) => ({ leader, partitionId, partitionErrorCode: 0 })).reverse();
    },
  };
  // What is used of it is there.
  const transport = new ClusterTransport(cluster as unknown as Cluster, 1_000, undefined);
  const available = transport.available('t');
  const first = available();
  expect(first).toEqual([0, 2]);
  expect([available() === first, asked]).toEqual([true, 1]);
  leaders = [1, 1, -1];
  expect(available()).toBe(first);
  brokerPool.metadata = {};
  expect(available()).toEqual([0, 1]);
  brokerPool.metadata = null;
  expect(available()).toEqual([]);
});
