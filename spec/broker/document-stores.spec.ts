/** Identities of documents, and a folder that is lost, on a real Kafka and a real disk. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, createApp, type DocumentStore, type LifecycleEvent, memoryStore, string } from 'kafka-rx';
import { kafkajs } from 'kafka-rx/kafkajs';
import { lmdb } from 'kafka-rx/lmdb';
import { type Admin, Kafka, logLevel, type Producer } from 'kafkajs';
import { type KafkaCluster, startCluster } from '../kafka/cluster.js';
import { missingPrerequisites } from '../kafka/provision.js';
import { until } from './until.js';

const missing = missingPrerequisites();
const onKafka = missing === undefined ? describe : describe.skip;
const value = string;

onKafka('document stores on a real Kafka', () => {
  let cluster: KafkaCluster;
  let admin: Admin;
  let producer: Producer;
  const apps: App[] = [];
  beforeAll(async () => {
    cluster = await startCluster();
    const kafka = new Kafka({ brokers: [...cluster.brokers], logLevel: logLevel.NOTHING });
    admin = kafka.admin();
    producer = kafka.producer();
    await Promise.all([admin.connect(), producer.connect()]);
  }, 120_000);
  afterEach(() => Promise.all(apps.splice(0).map(app => app.stop())));
  afterAll(async () => {
    await Promise.all([admin.disconnect(), producer.disconnect()]);
    await cluster.stop();
  }, 60_000);

  const create = (topic: string) =>
    admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
  const publish = (topic: string, ...texts: string[]) =>
    producer.send({ topic, messages: texts.map(text => ({ value: text })) });

  function start(topic: string, store: DocumentStore<string>) {
    const driver = kafkajs({ brokers: cluster.brokers, metadataMaxAgeMs: 1_000 });
    const app = createApp({ groupId: topic, driver, sessionTimeoutMs: 6_000, commit: { intervalMs: 100 } });
    const events: LifecycleEvent[] = [];
    app.events$.subscribe(event => events.push(event));
    app.topic(topic, { value }).subscribe(app.store(store));
    const ended = app.run();
    ended.catch(() => {});
    apps.push(app);
    return { app, events, ended };
  }

  test('a topic made anew while the app runs has other documents, also in a store without positions', async () => {
    await create('anew');
    const inner = memoryStore<string>('history');
    const { app, ended } = start('anew', { ...inner, positions: undefined });
    const texts = () => inner.documents().map(document => document.value);
    await publish('anew', 'old 0', 'old 1', 'old 2');
    await until('the old documents', () => texts().length === 3, { withinMs: 60_000 });
    await admin.deleteTopics({ topics: ['anew'] });
    await until('the end of the topic', async () => !(await admin.listTopics()).includes('anew'));
    await create('anew');
    await publish('anew', 'new 0', 'new 1');
    await until('the new documents', () => texts().filter(text => text.startsWith('new')).length === 2, {
      withinMs: 60_000,
    });
    expect(texts().sort()).toEqual(['new 0', 'new 1', 'old 0', 'old 1', 'old 2']);
    const origins = inner.documents().map(({ id }) => id.split('/').slice(0, -2).join('/'));
    expect(new Set(origins).size).toBe(2);
    await app.stop();
    await ended;
  }, 180_000);

  test('a folder that is lost while its group has commits is filled again, and that is told', async () => {
    await create('lost');
    const folder = await mkdtemp(join(tmpdir(), 'kafka-rx-lost-'));
    try {
      const open = () => lmdb('history', { value: string, directory: join(folder, 'store') });
      const run = async (count: number) => {
        const store = open();
        const { app, events, ended } = start('lost', store);
        await until(
          `${count} documents`,
          async () => {
            try {
              return (await store.count()) === count;
            } catch {
              return false; // not open yet
            }
          },
          { withinMs: 60_000 },
        );
        await app.stop();
        await ended;
        return events.filter(({ type }) => type === 'store-new');
      };
      await publish('lost', '0', '1', '2', '3', '4');
      expect(await run(5)).toEqual([]);
      await rm(join(folder, 'store'), { recursive: true });
      await publish('lost', '5');
      expect(await run(6)).toMatchObject([{ store: 'history', because: 'lost', does: 'refill' }]);
      expect(await run(6)).toEqual([]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }, 180_000);
});
