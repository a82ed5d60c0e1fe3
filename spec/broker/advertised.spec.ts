import { createApp, type LifecycleEvent, string } from 'kafka-rx';
import { kafkajs } from '../../lib/drivers/kafkajs/index.js';
import { quietContext } from '../drivers/quiet-context.js';
import { type KafkaCluster, startCluster } from '../kafka/cluster.js';
import { freePorts } from '../kafka/ports.js';
import { missingPrerequisites } from '../kafka/provision.js';

const missing = missingPrerequisites();
const onKafka = missing === undefined ? describe : describe.skip;

onKafka('a cluster that answers, and sends its clients where nobody does', () => {
  let cluster: KafkaCluster;
  let lost = '';
  let door = '';
  beforeAll(async () => {
    lost = `127.0.0.1:${(await freePorts(1))[0]}`;
    cluster = await startCluster({ listeners: [{ name: 'LOST', advertised: [lost] }] });
    const context = quietContext('advertised');
    const direct = await kafkajs({ brokers: cluster.brokers }).connect(context);
    await direct.admin.createTopics(['in', 'out'].map(name => ({ name, partitions: 1 })));
    await direct.close();
    door = cluster.nodes[0]?.addresses.extra['LOST'] ?? '';
  }, 120_000);
  afterAll(() => cluster.stop(), 60_000);

  test.each(['fast', 'stock'] as const)(
    'path %s: run() rejects in time, and names both addresses',
    async path => {
      const driver = kafkajs({ brokers: [door], path, connectTimeoutMs: 5_000, connectionTimeoutMs: 500 });
      const app = createApp({ groupId: 'group', driver, connectTimeoutMs: 5_000 });
      app.topic('in', { value: string }).subscribe(app.to('out', { value: string }));
      const events: LifecycleEvent[] = [];
      app.events$.subscribe(event => events.push(event));
      const since = performance.now();
      await expect(app.run()).rejects.toMatchObject({
        code: 'UNREACHABLE',
        message: expect.stringMatching(new RegExp(`${door}.*${lost}.*ECONNREFUSED`)),
        remedy: expect.stringContaining('advertised.listeners'),
      });
      expect(performance.now() - since).toBeLessThan(15_000);
    },
  );
});
