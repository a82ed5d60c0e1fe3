/** Which way kafkajs is used, by what is installed. */
import { systemClock } from '../../../lib/base/clock.js';
import { kafkajs } from '../../../lib/drivers/kafkajs/index.js';
import type { KafkajsPathChoice } from '../../../lib/drivers/kafkajs/options.js';
import type { DriverContext } from '../../../lib/drivers/port.js';
import { silentLogger } from '../../../lib/logging/logger.js';

/** The cluster that the Kafka below has inside. */
let inside: object;

jest.mock('kafkajs', () => ({
  ...jest.requireActual('kafkajs'),
  Kafka: class {
    consumer({ partitionAssigners }: { partitionAssigners: ((config: { cluster: object }) => unknown)[] }) {
      for (const assigner of partitionAssigners) assigner({ cluster: inside });
    }
    admin() {
      const nothing = async () => {};
      return {
        connect: nothing,
        disconnect: nothing,
        describeCluster: async () => ({ brokers: [], clusterId: 'told by the admin' }),
      };
    }
  },
}));

const nothing = async (): Promise<undefined> => undefined;

/** As 2.2.4 has it, but for its connections, which are made when it connects. */
function clusterWithOtherConnections(): object {
  const connectionPoolBuilder = { build: async () => ({ send: nothing, pool: [{ connect: nothing }] }) };
  const brokerPool = { createBroker: () => ({}), findConnectedBroker: nothing, connectionPoolBuilder };
  return {
    brokerPool,
    connect: () => brokerPool.connectionPoolBuilder.build(),
    disconnect: nothing,
    isConnected: () => false,
    addMultipleTargetTopics: nothing,
    refreshMetadata: nothing,
    refreshMetadataIfNecessary: nothing,
    findBroker: nothing,
    findGroupCoordinator: nothing,
    findTopicPartitionMetadata: () => [],
    committedOffsets: () => ({}),
  };
}

async function connect(path?: KafkajsPathChoice) {
  const warnings: { readonly fields: object; readonly message: string }[] = [];
  const context: DriverContext = {
    clientId: 'c',
    clock: systemClock,
    logger: { ...silentLogger, warn: (fields, message) => void warnings.push({ fields, message }) },
    event: () => {},
  };
  const connection = await kafkajs({ brokers: ['localhost:9'], path }).connect(context);
  const { clusterId } = connection;
  await connection.close();
  return { clusterId, warnings };
}

describe.each([
  ['another cluster', () => ({ connect: nothing })],
  ['other connections', clusterWithOtherConnections],
])('a kafkajs with %s inside', (_, make) => {
  beforeEach(() => {
    inside = make();
  });

  test('is used by its public API, with one warning that says why and what it costs', async () => {
    const { clusterId, warnings } = await connect();
    expect(clusterId).toBe('told by the admin');
    expect(warnings).toHaveLength(1);
    expect(warnings[0]?.fields).toMatchObject({ path: 'stock', reason: expect.stringContaining('2.2.4') });
    expect(warnings[0]?.message).toMatch(/slower.*straggler.*repeated/);
  });

  test("is refused as CONFIGURATION with path 'fast'", async () => {
    await expect(connect('fast')).rejects.toMatchObject({
      code: 'CONFIGURATION',
      remedy: expect.stringContaining('2.2.4'),
    });
  });

  test("is used without a warning with path 'stock'", async () => {
    expect(await connect('stock')).toEqual({ clusterId: 'told by the admin', warnings: [] });
  });
});
