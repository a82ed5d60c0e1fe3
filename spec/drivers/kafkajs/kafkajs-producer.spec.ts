import { KafkajsProducer } from '../../../lib/drivers/kafkajs/kafkajs-producer.js';
import type {
  BatchResult,
  OutgoingBatch,
  ProduceTransport,
} from '../../../lib/drivers/kafkajs/produce-transport.js';
import type { DriverEvent, ProducerOptions, TopicPartition } from '../../../lib/drivers/port.js';
import type { KafkaRxError } from '../../../lib/errors.js';
import { noHeaders } from '../../../lib/headers.js';
import { silentLogger } from '../../../lib/logger.js';
import { ManualClock } from './manual-clock.js';

type Answer = (batches: readonly OutgoingBatch[]) => readonly BatchResult[] | Promise<readonly BatchResult[]>;

/** Brokers that write down what arrives, and answer as they are told or, by default, well. */
class FakeCluster implements ProduceTransport {
  readonly log = new Map<string, string[]>();
  readonly requests: { readonly nodeId: number; readonly partitions: string[] }[] = [];
  readonly leaders = new Map<string, number>();
  readonly answers: Answer[] = [];
  refreshes = 0;

  /** Appends as a broker does, and answers with the offset. */
  write(batches: readonly OutgoingBatch[]): BatchResult[] {
    return batches.map(({ topic, partition, batch }) => {
      const log = this.log.get(`${topic}-${partition}`) ?? [];
      const baseOffset = log.length;
      log.push(...batch.records().map(({ value }) => value?.toString() ?? ''));
      this.log.set(`${topic}-${partition}`, log);
      return { topic, partition, baseOffset };
    });
  }

  async send(nodeId: number, batches: readonly OutgoingBatch[]): Promise<readonly BatchResult[]> {
    this.requests.push({
      nodeId,
      partitions: batches.map(({ topic, partition }) => `${topic}-${partition}`),
    });
    return (this.answers.shift() ?? (all => this.write(all)))(batches);
  }

  leader({ topic, partition }: TopicPartition): number {
    return this.leaders.get(`${topic}-${partition}`) ?? 1;
  }

  partitionCount(): number {
    return 4;
  }

  async add(): Promise<void> {}

  async refresh(): Promise<void> {
    this.refreshes++;
  }

  async refreshIfDue(): Promise<void> {}
}

function setUp(options: Partial<ProducerOptions> = {}) {
  const clock = new ManualClock();
  const cluster = new FakeCluster();
  const events: DriverEvent[] = [];
  const producer = new KafkajsProducer(
    {
      driver: { clientId: 'test', clock, logger: silentLogger, event: event => void events.push(event) },
      transport: cluster,
      maxBatchBytes: 10_000,
      maxRequestBytes: 40_000,
      requireTopics: async () => {},
    },
    { maxRecordBytes: 5_000, deliveryTimeoutMs: 30_000, ...options },
  );
  const output = (partition: number, topic = 't') => {
    const heard: string[] = [];
    const to = producer.output(
      { topic, partition },
      {
        acknowledged: (count, base) => void heard.push(`${count} at ${base}`),
        refused: (count, error: KafkaRxError) => void heard.push(`${count} ${error.code}`),
      },
    );
    const append = (value: string): void => to.append(null, Buffer.from(value), noHeaders, 0);
    return { heard, append };
  };
  return { clock, cluster, events, producer, output };
}

test('what is appended in one turn is one request; what comes while it is under way is the next', async () => {
  const { clock, cluster, output } = setUp();
  const [a, b] = [output(0), output(1)];
  const answered: { now: () => void } = { now: () => {} };
  cluster.answers.push(
    batches =>
      new Promise(resolve => {
        answered.now = () => resolve(cluster.write(batches));
      }),
  );
  a.append('1');
  a.append('2');
  b.append('x');
  expect(cluster.requests).toEqual([]);
  await clock.settle();
  a.append('3');
  b.append('y');
  await clock.advance(100);
  expect(cluster.requests).toEqual([{ nodeId: 1, partitions: ['t-0', 't-1'] }]);
  answered.now();
  await clock.advance(1);
  expect(cluster.requests).toHaveLength(2);
  expect(cluster.log).toEqual(
    new Map([
      ['t-0', ['1', '2', '3']],
      ['t-1', ['x', 'y']],
    ]),
  );
  expect(a.heard).toEqual(['2 at 0', '1 at 2']);
});

test('a partition that the response does not name is sent again, in order, and nothing newer before it', async () => {
  const { clock, cluster, events, output } = setUp();
  const [a, b] = [output(0), output(1)];
  // kafkajs issue 1303: the response of one broker, and nothing of the partition whose leader moved.
  cluster.answers.push(batches => cluster.write(batches.filter(({ partition }) => partition === 0)));
  a.append('a');
  b.append('lost');
  await clock.settle();
  b.append('newer');
  expect(a.heard).toEqual(['1 at 0']);
  expect(b.heard).toEqual([]);
  await clock.advance(500);
  expect(cluster.log.get('t-1')).toEqual(['lost', 'newer']);
  expect(b.heard).toEqual(['2 at 0']);
  expect(cluster.refreshes).toBe(1);
  expect(events).toMatchObject([{ type: 'retrying', what: 'produce to t-1', attempt: 1 }]);
});

test('a partition whose leader moved is sent to the new one; the others are not sent twice', async () => {
  const { clock, cluster, output } = setUp();
  const [a, b] = [output(0), output(1)];
  cluster.answers.push(batches => {
    cluster.leaders.set('t-1', 2);
    return [
      ...cluster.write(batches.filter(({ partition }) => partition === 0)),
      { topic: 't', partition: 1, error: 'NOT_LEADER_FOR_PARTITION' },
    ];
  });
  a.append('a');
  b.append('b');
  await clock.advance(500);
  expect(cluster.requests.map(({ nodeId, partitions }) => `${nodeId}: ${partitions}`)).toEqual([
    '1: t-0,t-1',
    '2: t-1',
  ]);
  expect(cluster.log).toEqual(
    new Map([
      ['t-0', ['a']],
      ['t-1', ['b']],
    ]),
  );
});

test('of a batch that is too large the guilty record alone is refused, whatever its place', async () => {
  for (let guilty = 0; guilty < 7; guilty++) {
    const { clock, cluster, output } = setUp();
    const a = output(0);
    const judge: Answer = batches => {
      const bad = batches.some(({ batch }) =>
        batch.records().some(({ value }) => value?.toString() === String(guilty)),
      );
      return bad ? [{ topic: 't', partition: 0, error: 'MESSAGE_TOO_LARGE' }] : cluster.write(batches);
    };
    for (let i = 0; i < 40; i++) cluster.answers.push(judge);
    for (let i = 0; i < 7; i++) a.append(String(i));
    await clock.advance(100);
    expect(cluster.log.get('t-0')).toEqual([0, 1, 2, 3, 4, 5, 6].filter(i => i !== guilty).map(String));
    expect(a.heard.filter(line => line.endsWith('RECORD_TOO_LARGE'))).toEqual(['1 RECORD_TOO_LARGE']);
  }
});

test('a partition that may not be written is refused with its name, and the others go on', async () => {
  const { clock, cluster, producer, output } = setUp();
  const [a, b] = [output(0), output(1)];
  const heard: KafkaRxError[] = [];
  producer
    .output(
      { topic: 't', partition: 2 },
      { acknowledged: () => {}, refused: (_, error) => void heard.push(error) },
    )
    .append(null, Buffer.from('4111 1111 1111 1111'), noHeaders, 0);
  cluster.answers.push(batches => [
    ...cluster.write(batches.filter(({ partition }) => partition !== 2)),
    { topic: 't', partition: 2, error: 'TOPIC_AUTHORIZATION_FAILED' },
  ]);
  a.append('a');
  b.append('b');
  await clock.advance(10);
  expect([a.heard, b.heard]).toEqual([['1 at 0'], ['1 at 0']]);
  expect(heard).toMatchObject([
    { code: 'PRODUCE', retriable: false, message: expect.stringContaining('t-2') },
  ]);
  expect(heard[0]?.message).not.toContain('4111');
});

test('what is never acknowledged is refused after the delivery timeout, and flush resolves', async () => {
  const { clock, cluster, producer, output } = setUp({ deliveryTimeoutMs: 10_000 });
  const a = output(0);
  for (let i = 0; i < 100; i++) cluster.answers.push(() => Promise.reject(new Error('connection')));
  a.append('a');
  let flushed = false;
  void producer.flush().then(() => {
    flushed = true;
  });
  await clock.advance(9_000);
  expect([a.heard, flushed]).toEqual([[], false]);
  await clock.advance(2_500);
  expect([a.heard, flushed]).toEqual([['1 PRODUCE'], true]);
  // Backing off, and not as fast as it can.
  expect(cluster.requests.length).toBeLessThan(25);
});

test('a topic that its leader does not know is waited for, then refused as missing', async () => {
  const { clock, cluster, output } = setUp();
  const a = output(0);
  const unknown: Answer = () => [{ topic: 't', partition: 0, error: 'UNKNOWN_TOPIC_OR_PARTITION' }];
  for (let i = 0; i < 100; i++) cluster.answers.push(unknown);
  a.append('a');
  await clock.advance(9_000);
  expect(a.heard).toEqual([]);
  await clock.advance(3_000);
  expect(a.heard).toEqual(['1 MISSING_TOPIC']);
});

test('a partition without a leader waits, is looked up again, and then sent', async () => {
  const { clock, cluster, output } = setUp();
  const a = output(0);
  cluster.leaders.set('t-0', -1);
  a.append('a');
  await clock.advance(300);
  expect(cluster.requests).toEqual([]);
  expect(cluster.refreshes).toBeGreaterThan(0);
  cluster.leaders.set('t-0', 3);
  await clock.advance(1_000);
  expect(cluster.log.get('t-0')).toEqual(['a']);
});

test('a record above the limit is refused in its turn', async () => {
  const { clock, cluster, output } = setUp({ maxRecordBytes: 3 });
  const a = output(0);
  for (const value of ['1', 'long', '2']) a.append(value);
  await clock.advance(10);
  expect(a.heard).toEqual(['1 at 0', '1 RECORD_TOO_LARGE', '1 at 1']);
  expect(cluster.log.get('t-0')).toEqual(['1', '2']);
});

test('close refuses what is pending, under way or not, once; a late answer changes nothing', async () => {
  const { clock, cluster, producer, output } = setUp();
  const a = output(0);
  const answered: { now: () => void } = { now: () => {} };
  cluster.answers.push(
    batches =>
      new Promise(resolve => {
        answered.now = () => resolve(cluster.write(batches));
      }),
  );
  a.append('1');
  await clock.settle();
  a.append('2');
  const closed = producer.close();
  expect(a.heard).toEqual([]);
  await clock.advance(1);
  await closed;
  expect(a.heard).toEqual(['2 CLOSED']);
  answered.now();
  await clock.advance(1_000);
  expect(a.heard).toEqual(['2 CLOSED']);
  expect(producer.bufferedBytes).toBe(0);
});

test('a batch and a request have their bounds', async () => {
  const { clock, cluster, output } = setUp();
  const outputs = [0, 1, 2, 3, 4, 5].map(partition => output(partition));
  for (const { append } of outputs) for (let i = 0; i < 20; i++) append('x'.repeat(964));
  await clock.advance(100);
  // 1000 bytes a record with its overhead: ten fill a batch, four batches a request.
  expect(cluster.requests.every(({ partitions }) => partitions.length <= 4)).toBe(true);
  expect(outputs.map(({ heard }) => heard.length)).toEqual([2, 2, 2, 2, 2, 2]);
});
