/** Topics are asked for while the connection that they are asked by is being made. */
import { describeTopics } from '../../../../lib/drivers/kafkajs/cluster/cluster-queries.js';
import type { Cluster } from '../../../../lib/drivers/kafkajs/internals/cluster.js';

/** A broker whose socket is there, and which is asked for its versions by somebody else. */
function cluster(versions: () => object | null) {
  const said: string[] = [];
  const broker = {
    versions: null as object | null,
    connect: async () => {
      said.push('waits');
      broker.versions = versions();
    },
  };
  return { said, cluster: { brokerPool: { findConnectedBroker: async () => broker } } as unknown as Cluster };
}

test('whoever finds a broker that is being connected waits for its versions', async () => {
  const { said, cluster: found } = cluster(() => ({ 3: { maxVersion: 9 } }));
  await expect(describeTopics(found, ['a'])).rejects.toMatchObject({ code: 'DRIVER', retriable: false });
  expect(said).toEqual(['waits']);
});

test('one that has not told them is no old one: it is asked again', async () => {
  const { cluster: found } = cluster(() => null);
  await expect(describeTopics(found, ['a'])).rejects.toMatchObject({ code: 'DRIVER', retriable: true });
});
