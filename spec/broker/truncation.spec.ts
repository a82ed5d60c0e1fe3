/** A partition whose log was put back from an older copy, and has grown beyond what the group had read by then. */
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp, type DriverEvent, memoryStore, string } from 'kafka-rx';
import { kafkajs } from 'kafka-rx/kafkajs';
import { type Admin, Kafka, logLevel, type Producer } from 'kafkajs';
import { type KafkaCluster, startCluster } from '../kafka/cluster.js';
import { until } from './until.js';

let folder: string;
let cluster: KafkaCluster;
let admin: Admin;
let producer: Producer;
let topics = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kafka-rx-truncation-'));
  const properties = { 'group.initial.rebalance.delay.ms': '0' };
  cluster = await startCluster({ dataDir: join(folder, 'data'), properties });
  const kafka = new Kafka({ brokers: [...cluster.brokers], logLevel: logLevel.NOTHING });
  admin = kafka.admin();
  producer = kafka.producer();
  await Promise.all([admin.connect(), producer.connect()]);
}, 120_000);

afterAll(async () => {
  await Promise.all([admin.disconnect(), producer.disconnect()]);
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('a log that was put back from a copy and has grown since', () => {
  test('while nobody read: is read from the first offset on that differs, and nothing of it is skipped or comes twice', async () => {
    const world = await createWorld();
    await world.readUpTo(50);
    await world.copy();
    await world.produce('lost', 50);
    expect((await world.readUpTo(100)).seen).toHaveLength(50);
    await world.putBack();
    await world.produce('new', 80);
    const { seen, events } = await world.readUpTo(130);
    expect(seen).toEqual(from(50, 80, 'new'));
    expect(resets(events)).toEqual([[100, 50, true]]);
    expect(await world.committed()).toBe(130);
    // Once only.
    await world.produce('more', 1);
    expect((await world.readUpTo(131)).seen).toEqual(['130=more 0']);
  });

  test('while it is read: the member goes on at the first offset that differs, in another epoch', async () => {
    const world = await createWorld();
    await world.copy();
    await world.produce('lost', 50);
    const reading = world.read();
    await until('all to be committed', async () => (await world.committed()) === 100);
    await world.putBack();
    await world.produce('new', 80);
    await until('what is new', async () => (await world.committed()) === 130);
    await reading.app.stop();
    expect(reading.failures).toEqual([]);
    expect(reading.seen.slice(100)).toEqual(from(50, 80, 'new'));
    expect(resets(reading.events)).toEqual([[100, 50, true]]);
  });

  test('where it is still shorter than what was read, too', async () => {
    const world = await createWorld();
    await world.copy();
    await world.produce('lost', 50);
    await world.readUpTo(100);
    await world.putBack();
    await world.produce('new', 10);
    const { seen, events } = await world.readUpTo(60);
    expect(seen).toEqual(from(50, 10, 'new'));
    expect(resets(events)).toEqual([[100, 50, true]]);
  });

  test('a store that has what was lost is told of as STORE_AHEAD, and nothing is skipped', async () => {
    const world = await createWorld();
    const store = memoryStore<string>('history');
    await world.copy();
    await world.produce('lost', 50);
    await world.readUpTo(100, { store });
    await world.putBack();
    await world.produce('new', 80);
    const { app, run, seen, failures } = world.read({ store });
    await run;
    await app.stop();
    expect(failures).toMatchObject([{ code: 'STORE_AHEAD', at: { offset: 100 } }]);
    expect(failures[0]?.message).toContain('lost all from offset 50 on');
    expect(seen).toEqual([]);
    expect(await world.committed()).toBe(100);
  });

  test("with offsetReset 'fail' the app fails, and says from where on Kafka lost records", async () => {
    const world = await createWorld();
    await world.copy();
    await world.produce('lost', 50);
    await world.readUpTo(100);
    await world.putBack();
    await world.produce('new', 80);
    const { app, run, seen, failures } = world.read({ offsetReset: 'fail' });
    await run;
    await app.stop();
    expect(failures).toMatchObject([{ code: 'DRIVER', at: { offset: 100 } }]);
    expect(failures[0]?.message).toContain('from offset 50 on');
    expect(seen).toEqual([]);
  });
});

interface Reading {
  readonly store?: ReturnType<typeof memoryStore<string>>;
  readonly offsetReset?: 'fail';
}

/** A topic with 50 records, and a group. */
async function createWorld() {
  const topic = `t${++topics}`;
  const groupId = `g${topics}`;
  const backup = join(folder, `copy-${topic}`);
  const [node] = cluster.nodes;
  if (node === undefined) throw new Error('no node');
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
  const produce = async (what: string, count: number): Promise<void> => {
    const messages = Array.from({ length: count }, (_, i) => ({ value: `${what} ${i}` }));
    await until('a leader', () =>
      producer.send({ topic, messages }).then(
        () => true,
        () => false,
      ),
    );
  };
  const committed = async (): Promise<number> => {
    try {
      const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
      return Number(found?.partitions[0]?.offset ?? -1);
    } catch {
      return -1;
    }
  };
  const read = ({ store, offsetReset }: Reading = {}) => {
    const seen: string[] = [];
    const events: DriverEvent[] = [];
    const failures: { readonly message: string }[] = [];
    const driver = kafkajs({ brokers: cluster.brokers, offsetReset });
    const app = createApp({ groupId, driver, commit: { intervalMs: 50 } });
    app.events$.subscribe(event => {
      if (event.type === 'driver') events.push(event.event);
    });
    const records$ = app.topic(topic, { value: string });
    records$.subscribe(app.each(({ offset, value }) => void seen.push(`${offset}=${value}`)));
    if (store !== undefined) records$.subscribe(app.store(store));
    const run = app.run().catch(error => void failures.push(error));
    return { app, run, seen, events, failures };
  };
  const readUpTo = async (offset: number, options: Reading = {}) => {
    const reading = read(options);
    await until(`the commit of ${offset}`, async () => (await committed()) === offset);
    await reading.app.stop();
    expect(reading.failures).toEqual([]);
    return reading;
  };
  await produce('old', 50);
  return {
    produce,
    committed,
    read,
    readUpTo,
    copy: async () => {
      await node.stop();
      await cp(await logOf(topic), backup, { recursive: true });
      await node.start();
    },
    putBack: async () => {
      await node.stop();
      const log = await logOf(topic);
      await rm(log, { recursive: true });
      await cp(backup, log, { recursive: true });
      await node.start();
    },
  };
}

async function logOf(topic: string): Promise<string> {
  const entries = await readdir(cluster.dataDir, { recursive: true });
  const found = entries.find(entry => entry.endsWith(`/${topic}-0`));
  if (found === undefined) throw new Error('no log');
  return join(cluster.dataDir, found);
}

const from = (offset: number, count: number, what: string): string[] =>
  Array.from({ length: count }, (_, i) => `${offset + i}=${what} ${i}`);

const resets = (events: readonly DriverEvent[]): unknown[] =>
  events.flatMap(event => (event.type === 'offset-reset' ? [[event.from, event.to, event.truncated]] : []));
