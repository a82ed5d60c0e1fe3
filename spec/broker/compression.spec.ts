/** Compressed batches against Java's clients, both ways, and what becomes of one that cannot be read. */
import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createApp, noHeaders, string } from 'kafka-rx';
import { type Compression, kafkajs } from 'kafka-rx/kafkajs';
import rawKafkajs from 'kafkajs';
import type { DriverConnection } from '../../lib/drivers/port.js';
import type { KafkaRxError } from '../../lib/errors/errors.js';
import { quietContext } from '../drivers/quiet-context.js';
import { type KafkaCluster, startCluster } from '../kafka/cluster.js';
import { missingPrerequisites } from '../kafka/provision.js';
import { consoleConsumer, consoleProducer } from '../kafka/tools.js';

const missing = missingPrerequisites();
if (missing !== undefined) process.stderr.write(`Compression is not tested against Java. ${missing}\n`);

const ids = { gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;
const kinds = ['gzip', 'snappy', 'lz4', 'zstd'] as const;
const perProducer = 3_000;

interface Keyed {
  readonly key: string;
  readonly value: string;
}

const records = (prefix: string): Keyed[] =>
  Array.from({ length: perProducer }, (_, i) => ({
    key: `${prefix}${i % 97}`,
    value: JSON.stringify({ n: i, by: prefix, item: `ürn ${i % 13}`, price: (i * 7919) % 1_000 }),
  }));

const keyed = ({ key, value }: { key: string | null; value: string | null }): string => `${key} ${value}`;

interface StoredBatch {
  /** In the file. */
  readonly at: number;
  readonly baseOffset: number;
  readonly codec: number;
  readonly compressed: Buffer;
}

(missing === undefined ? describe : describe.skip)('compressed batches', () => {
  let cluster: KafkaCluster;
  let connections: DriverConnection[] = [];

  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterEach(async () => {
    const open = connections;
    connections = [];
    await Promise.all(open.map(connection => connection.close()));
  });
  afterAll(() => cluster?.stop());

  const connect = async (compression: Compression): Promise<DriverConnection> => {
    const driver = kafkajs({ brokers: cluster.brokers, compression });
    const context = quietContext('compression');
    const connection = await driver.connect(context);
    connections.push(connection);
    return connection;
  };

  const publish = async (connection: DriverConnection, topic: string, all: readonly Keyed[]) => {
    const refusals: KafkaRxError[] = [];
    const producer = connection.producer({ maxRecordBytes: 100_000, deliveryTimeoutMs: 30_000 });
    await producer.prepare([topic]);
    const listener = {
      acknowledged: () => {},
      refused: (_: number, error: KafkaRxError) => void refusals.push(error),
    };
    const output = producer.output({ topic, partition: 0 }, listener);
    for (const { key, value } of all)
      output.append(Buffer.from(key), Buffer.from(value), noHeaders, Date.now());
    await producer.flush();
    await producer.close();
    expect(refusals).toEqual([]);
  };

  /** Reads until there are so many, or the app fails. */
  const consume = async (topic: string, groupId: string, count: number) => {
    const seen: string[] = [];
    const app = createApp({ groupId, driver: kafkajs({ brokers: cluster.brokers }) });
    app.topic(topic, { key: string, value: string }).subscribe(
      app.each(record => {
        seen.push(keyed(record));
        if (seen.length === count) void app.stop();
      }),
    );
    const error = await app.run().then(
      () => undefined,
      (reason: KafkaRxError) => reason,
    );
    return { seen, error };
  };

  const logFile = async (topic: string): Promise<string> => {
    const folder = join(cluster.dataDir, 'node-1', 'log', `${topic}-0`);
    const name = (await readdir(folder)).find(file => file.endsWith('.log'));
    return join(folder, name ?? '');
  };

  const stored = async (topic: string): Promise<StoredBatch[]> => {
    const bytes = await readFile(await logFile(topic));
    const batches: StoredBatch[] = [];
    for (let at = 0; at < bytes.length; ) {
      const end = at + 12 + bytes.readInt32BE(at + 8);
      const baseOffset = Number(bytes.readBigInt64BE(at));
      const compressed = bytes.subarray(at + 61, end);
      batches.push({ at, baseOffset, codec: bytes.readInt16BE(at + 21) & 7, compressed });
      at = end;
    }
    return batches;
  };

  test.each(kinds)('%s: Java and this library read what either wrote', async kind => {
    const connection = await connect(kind);
    await connection.admin.createTopics([{ name: kind, partitions: 1 }]);
    const [java, own] = [records('java'), records('own')];
    await consoleProducer(cluster.brokers, kind, java, kind);
    const writtenByJava = await stored(kind);
    await publish(connection, kind, own);

    const expected = [...java, ...own].map(keyed);
    const ours = await consume(kind, `${kind}-readers`, expected.length);
    expect(ours.error).toBeUndefined();
    expect(ours.seen).toEqual(expected);
    const javas = await consoleConsumer({
      brokers: cluster.brokers,
      topic: kind,
      maxMessages: expected.length,
    });
    expect(javas.map(keyed)).toEqual(expected);

    const batches = await stored(kind);
    expect(batches.map(({ codec }) => codec)).toEqual(batches.map(() => ids[kind]));
    expect(batches.length).toBeGreaterThan(writtenByJava.length);
    const bytes = (of: readonly StoredBatch[]): number =>
      of.reduce((sum, batch) => sum + batch.compressed.length, 0);
    const plain = java.reduce((sum, { key, value }) => sum + Buffer.byteLength(key + value), 0);
    const javaBytes = bytes(writtenByJava);
    const ownBytes = bytes(batches) - javaBytes;
    process.stderr.write(`${kind}: ${plain} bytes, of Java's ${javaBytes}, of ours ${ownBytes} on disk\n`);
    expect(ownBytes).toBeLessThan(plain / 2);
    if (kind === 'snappy') {
      // The frame of snappy-java, and more than one of its blocks of 32 KiB.
      const [first] = writtenByJava;
      expect(first?.compressed.subarray(0, 8).toString('latin1')).toBe('\x82SNAPPY\0');
      expect(first?.compressed.length).toBeGreaterThan(20 + (first?.compressed.readInt32BE(16) ?? 0));
    }
  });

  test('a batch that was damaged on disk fails the app at its offset: what precedes it is handed out, nothing past it is committed', async () => {
    const topic = 'damaged';
    const connection = await connect('lz4');
    await connection.admin.createTopics([{ name: topic, partitions: 1 }]);
    const all = records('d');
    for (let i = 0; i < 3; i++) await publish(connection, topic, all.slice(i * 10, i * 10 + 10));
    const [, second] = await stored(topic);
    const file = await open(await logFile(topic), 'r+');
    const at = (second?.at ?? 0) + 61 + 20;
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at);
    buffer.writeUInt8(buffer.readUInt8(0) ^ 1);
    await file.write(buffer, 0, 1, at);
    await file.close();

    const { seen, error } = await consume(topic, 'damaged-readers', 30);
    expect(second?.baseOffset).toBe(10);
    expect(seen).toEqual(all.slice(0, 10).map(keyed));
    expect(error).toMatchObject({ code: 'DRIVER', at: { topic, partition: 0, offset: 10 } });
    const [committed] = await connection.admin.committed('damaged-readers', topic);
    expect(committed).toBeLessThanOrEqual(10);
  });

  test('a codec that cannot be had fails the app by name and offset, and nothing is lost once it is there', async () => {
    const topic = 'without-codec';
    const connection = await connect('snappy');
    await connection.admin.createTopics([{ name: topic, partitions: 1 }]);
    const all = records('s').slice(0, 20);
    await publish(connection, topic, all);
    const registry = rawKafkajs.CompressionCodecs as unknown as Record<number, () => object>;
    const before = registry[ids.snappy] as () => object;
    registry[ids.snappy] = () => {
      throw Object.assign(new Error('Cannot find module'), { code: 'MODULE_NOT_FOUND' });
    };
    const first = await consume(topic, 'without-codec', all.length);
    registry[ids.snappy] = before;
    expect(first.seen).toEqual([]);
    expect(first.error).toMatchObject({ code: 'DRIVER', at: { topic, partition: 0, offset: 0 } });
    expect(first.error?.message).toContain('snappy');
    expect(first.error?.message).toContain('npm install snappy');
    const second = await consume(topic, 'without-codec', all.length);
    expect(second).toEqual({ seen: all.map(keyed), error: undefined });
  });
});
