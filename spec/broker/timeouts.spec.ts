/** Timeouts that a broker or a client cannot keep: refused with what to change, and nothing rejects where nobody hears it. */
import { type AppOptions, createApp, string } from 'kafka-rx';
import { type KafkajsOptions, kafkajs } from 'kafka-rx/kafkajs';
import { quietContext } from '../drivers/quiet-context.js';
import { type KafkaCluster, startCluster } from '../kafka/cluster.js';
import { missingPrerequisites } from '../kafka/provision.js';

const missing = missingPrerequisites();
const onKafka = missing === undefined ? describe : describe.skip;

interface Refused {
  readonly app?: Partial<AppOptions>;
  readonly driver?: Partial<KafkajsOptions>;
  readonly code: RegExp;
  readonly says: string;
}

onKafka('timeouts', () => {
  let cluster: KafkaCluster;
  const unheard: unknown[] = [];
  const hear = (reason: unknown) => void unheard.push(reason);
  beforeAll(async () => {
    process.on('unhandledRejection', hear);
    cluster = await startCluster({ properties: { 'group.min.session.timeout.ms': '6000' } });
    const context = quietContext('timeouts');
    const direct = await kafkajs({ brokers: cluster.brokers }).connect(context);
    await direct.admin.createTopics([{ name: 'in', partitions: 1 }]);
    await direct.close();
  }, 120_000);
  afterAll(async () => {
    process.off('unhandledRejection', hear);
    await cluster.stop();
  }, 60_000);

  // What is below 100 ms is refused by createApp.
  const cases: readonly Refused[] = [
    { app: { sessionTimeoutMs: 100 }, code: /^CONFIGURATION$/, says: 'sessionTimeoutMs' },
    { app: { sessionTimeoutMs: 5_999 }, code: /^CONFIGURATION$/, says: 'sessionTimeoutMs' },
    { app: { sessionTimeoutMs: 1_800_001 }, code: /^CONFIGURATION$/, says: 'sessionTimeoutMs' },
    { app: { rebalanceTimeoutMs: 100 }, code: /^none$/, says: '' },
    // On the loopback a broker may well answer within 1 ms; where it does not, kafkajs itself may throw a TypeError.
    {
      app: { connectTimeoutMs: 0 },
      driver: { requestTimeoutMs: 1 },
      code: /^(UNREACHABLE|DRIVER|none)$/,
      says: '',
    },
    { app: { connectTimeoutMs: 0 }, driver: { connectTimeoutMs: 1 }, code: /^UNREACHABLE$/, says: '' },
    {
      app: { connectTimeoutMs: 0 },
      driver: { connectionTimeoutMs: 1 },
      code: /^(UNREACHABLE|none)$/,
      says: '',
    },
    // It is held to a third of the session.
    { driver: { heartbeatIntervalMs: 60_000 }, code: /^none$/, says: '' },
  ];

  test.each(
    (['fast', 'stock'] as const).flatMap(path => cases.map((one, index) => ({ path, index, ...one }))),
  )(
    'path $path ($index): $app, $driver',
    async ({ path, index, app: options, driver: tuned, code, says }) => {
      const driver = kafkajs({ brokers: cluster.brokers, path, ...tuned });
      const app = createApp({ groupId: `group-${path}-${index}`, driver, stopDeadlineMs: 1_000, ...options });
      app.topic('in', { value: string }).subscribe(app.each(() => {}));
      const ran = app.run().then(
        () => ({ code: 'none', message: '' }),
        (error: { code: string; message: string }) => error,
      );
      const late = setTimeout(() => void app.stop(), 5_000);
      const ended = await ran;
      clearTimeout(late);
      expect(ended.code).toMatch(code);
      expect(ended.message).toContain(says);
      // One turn of the loop, in which Node tells of what nobody heard.
      await new Promise(resolve => setTimeout(resolve, 50));
      expect(unheard).toEqual([]);
    },
    60_000,
  );
});
