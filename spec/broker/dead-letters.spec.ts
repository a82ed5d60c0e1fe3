/** Bad records through the main job on a real Kafka: stopped at, or set aside, looked at, and replayed once mended. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp, type DriverConnection, json } from 'kafka-rx';
import { kafkajs } from 'kafka-rx/kafkajs';
import { mapValue, mask } from 'kafka-rx/operators';
import { share } from 'rxjs';
import { MaskedPurchase, Purchase } from '../../demos/purchases/model.js';
import { quietContext } from '../drivers/quiet-context.js';
import { type KafkaCluster, startCluster } from '../kafka/cluster.js';
import { type Ended, lastLine, startProgram } from './program.js';
import { bytesOf } from './topic-bytes.js';

const card = '4111-1111-1111-1111';
let cluster: KafkaCluster;
let folder: string;
let connection: DriverConnection;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kafka-rx-dead-letters-'));
  cluster = await startCluster();
  const context = quietContext('dead-letters');
  connection = await kafkajs({ brokers: cluster.brokers }).connect(context);
});

afterAll(async () => {
  await connection.close();
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
});

function purchase(i: number, change: object = {}): object {
  return {
    customerId: `c${i}`,
    ...{ storeId: 's', zipCode: '10003', item: `item ${i}`, department: 'd', quantity: 1, price: 1 },
    ...{ purchasedAt: '1997-01-02T10:00:00Z', cardNumber: card },
    ...change,
  };
}

function run(command: 'purchases' | 'dead-letters', ...args: readonly string[]): Promise<Ended> {
  return startProgram([`demos/${command}/main.ts`, ...args, '--brokers', cluster.brokers.join(',')]).ended;
}

async function count(topic: string): Promise<number> {
  return (await connection.admin.offsets(topic, 'latest')).reduce((sum, end) => sum + end, 0);
}

const counts = (...topics: readonly string[]): Promise<number[]> => Promise.all(topics.map(count));

describe('purchases', () => {
  const topics = ['patterns', 'rewards', 'purchases', 'transactions.dead-letters'];
  let store: string;
  let lines: readonly string[];

  beforeAll(async () => {
    store = join(folder, 'store');
    // What the second one holds instead of a quantity is a card number, and a field of that name comes along.
    const bad = purchase(2, { quantity: card, [`x${card}`]: card });
    lines = [purchase(0), purchase(1), bad, purchase(3)].map(value => JSON.stringify(value));
    lines = [...lines, `not JSON ${card}`];
    await connection.admin.createTopics([{ name: 'transactions', partitions: 1 }]);
    const names = ['patterns', 'rewards', 'purchases', 'transactions.dead-letters'];
    await connection.admin.createTopics(names.map(name => ({ name, partitions: 2 })));
    await publish('transactions', lines);
  });

  test('with fail the message names record, field and remedy in under six lines, and a restart goes on at that very record', async () => {
    const first = await run('purchases', '--store', store, '--idle-exit', '5', '--json');
    expect(first.code).toBe(1);
    const message = first.stderr.trimEnd().split('\n').slice(-5);
    expect(message.join('\n')).toMatch(
      /DECODE.*quantity.*topic transactions, partition 0, offset 2.*dead-letter/,
    );
    expect(first.stderr).not.toContain('4111');
    expect(first.stderr).not.toMatch(/\n\s+at /);
    expect(JSON.parse(lastLine(first.stdout))).toMatchObject({ purchases: 2, stored: 2 });

    // What would mend it, a corrected job, is one that sets the record aside.
    const options = ['--store', store, '--idle-exit', '3', '--json', '--on-invalid', 'dead-letter'];
    const second = await run('purchases', ...options);
    expect(second.code).toBe(0);
    expect(JSON.parse(lastLine(second.stdout))).toMatchObject({ consumed: 3, purchases: 1, deadLettered: 2 });
    expect(await counts(...topics)).toEqual([3, 3, 3, 2]);
  });

  test('list and show tell of the dead letters, in which there is no card', async () => {
    const { code, stdout } = await run('dead-letters', 'list');
    expect([code, lastLine(stdout)]).toEqual([0, '2 dead letters, 0 replayed']);
    expect(stdout).toMatch(/0:0 .*DECODE +decode +transactions +transactions\/0:2 +quantity/);
    const shown = await run('dead-letters', 'show', '0:0');
    expect(shown.stdout).toContain('"customerId": "c2"');
    expect(shown.stdout).toContain('"quantity": "xxxx-xxxx-xxxx-1111"');
    expect(stdout + shown.stdout).not.toContain('4111');
    expect(
      String(await bytesOf(connection, 'transactions.dead-letters')).replaceAll(/[^\d]/g, ''),
    ).not.toContain('4111');
    expect(String(await bytesOf(connection, 'transactions'))).toContain(card);
    const absent = await run('dead-letters', 'show', '1:7');
    expect([absent.code, absent.stdout]).toEqual([1, '']);
    expect(absent.stderr).toMatch(/^CONFIGURATION: There is no dead letter 1:7.*\n$/);
  });
});

describe('an app with a failing branch', () => {
  const topics = ['in', 'left', 'right', 'letters'];

  beforeAll(async () => {
    await connection.admin.createTopics(topics.map(name => ({ name, partitions: 2 })));
    await publish(
      'in',
      [0, 1, 2, 3].map(i => JSON.stringify(purchase(i))),
      2,
    );
  });

  test('a replay after the fix goes to that branch only, each record once, and is remembered', async () => {
    await consume(true);
    expect(await counts(...topics)).toEqual([4, 2, 4, 2]);
    const dry = await run('dead-letters', 'replay', '--all', '--topic', 'letters', '--dry-run', '--json');
    expect(JSON.parse(dry.stdout)).toEqual({ replayed: 2, alike: 0, already: 0, failed: [], dryRun: true });

    const one = await run('dead-letters', 'replay', '0:0', '--topic', 'letters');
    expect([one.code, one.stdout]).toEqual([0, '1 replayed, 0 replayed before, 0 failed\n']);
    const all = await run('dead-letters', 'replay', '--all', '--topic', 'letters');
    expect([all.code, all.stdout]).toEqual([0, '1 replayed, 1 replayed before, 0 failed\n']);
    const again = await run('dead-letters', 'replay', '0:0', '--topic', 'letters');
    expect([again.code, again.stdout]).toEqual([0, '0 replayed, 1 replayed before, 0 failed\n']);
    expect(await counts(...topics)).toEqual([6, 2, 4, 4]);

    await consume(false);
    expect(await counts(...topics)).toEqual([6, 4, 4, 4]);
    const customers = [...String(await bytesOf(connection, 'left')).matchAll(/"customerId":"(c\d)"/g)].map(
      ([, id]) => id,
    );
    expect(customers.sort()).toEqual(['c0', 'c1', 'c2', 'c3']);
    expect(String(await bytesOf(connection, 'letters'))).not.toContain('4111');
    expect(lastLine((await run('dead-letters', 'list', '--topic', 'letters')).stdout)).toBe(
      '2 dead letters, 2 replayed',
    );
  });

  /** Runs the app until it has read everything there is. */
  async function consume(broken: boolean): Promise<void> {
    const app = createApp({
      groupId: 'branches',
      driver: kafkajs({ brokers: cluster.brokers }),
      policies: { process: 'dead-letter' },
      deadLetters: { topic: 'letters' },
    });
    const masked = app.topic('in', { value: json(Purchase) }).pipe(mask('cardNumber'), share());
    const refuse = (value: MaskedPurchase): MaskedPurchase => {
      if (broken && Number(value.customerId.slice(1)) >= 2) throw new Error('not yet');
      return value;
    };
    const options = { keyBy: (value: MaskedPurchase) => value.customerId, value: json(MaskedPurchase) };
    masked.pipe(mapValue(refuse, { name: 'left' })).subscribe(app.to('left', options));
    masked.subscribe(app.to('right', options));
    const running = app.run();
    const ends = await connection.admin.offsets('in', 'latest');
    const until = Date.now() + 30_000;
    while (String(await connection.admin.committed('branches', 'in')) !== String(ends)) {
      if (Date.now() > until) throw new Error('not all was consumed within 30 s');
      await new Promise(resolve => setTimeout(resolve, 100));
    }
    await app.stop();
    await running;
  }
});

async function publish(topic: string, values: readonly string[], partitions = 1): Promise<void> {
  const producer = connection.producer({ maxRecordBytes: 1_000_000, deliveryTimeoutMs: 30_000 });
  await producer.prepare([topic]);
  const refusals: unknown[] = [];
  const listener = { acknowledged: () => {}, refused: (_: number, error: unknown) => refusals.push(error) };
  const outputs = Array.from({ length: partitions }, (_, partition) =>
    producer.output({ topic, partition }, listener),
  );
  for (const [i, value] of values.entries()) {
    outputs[i % partitions]?.append(Buffer.from(card), Buffer.from(value), [], 1_000_000 + i);
  }
  await producer.flush();
  await producer.close();
  expect(refusals).toEqual([]);
}
