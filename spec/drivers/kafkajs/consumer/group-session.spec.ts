import { createRequire } from 'node:module';
import { endLoops } from '../../../../lib/drivers/kafkajs/consumer/group-session.js';

/** kafkajs's own, as far as it is used here (src/consumer/fetchManager.js). */
type CreateFetchManager = (parts: {
  readonly logger: object;
  readonly getNodeIds: () => readonly string[];
  readonly fetch: (nodeId: string) => Promise<readonly never[]>;
  readonly handler: () => Promise<void>;
}) => { start(): Promise<void>; stop(): Promise<void> };

const require = createRequire(__filename);
const createFetchManager: CreateFetchManager = require('kafkajs/src/consumer/fetchManager');

test('a session that ends just as its brokers change leaves no loop of kafkajs behind, which would spin', async () => {
  let nodes = ['1'];
  let open = true;
  let fetches = 0;
  const cluster = { getNodeIds: (): readonly string[] => nodes };
  endLoops(cluster, () => open);
  const stopping: Promise<void>[] = [];
  const logger = {
    namespace: (): object => logger,
    info: () => {},
    debug(message: string) {
      // Between the old loops and the new ones.
      if (!message.startsWith('Rebalancing')) return;
      open = false;
      stopping.push(manager.stop());
    },
  };
  const manager = createFetchManager({
    logger,
    getNodeIds: () => cluster.getNodeIds(),
    // As the runner answers (src/consumer/runner.js, fetch); bounded, so that the failure is one and not a hang.
    fetch: async () => {
      fetches++;
      if (fetches > 1_000) throw new Error('it spins');
      if (open) await new Promise(resolve => setTimeout(resolve, 1));
      return [];
    },
    handler: async () => {},
  });
  const ended = manager.start();
  nodes = ['1', '2'];
  await expect(ended).rejects.toMatchObject({ name: 'KafkaJSNoBrokerAvailableError' });
  expect(stopping).toHaveLength(1);
  await Promise.all(stopping);
});
