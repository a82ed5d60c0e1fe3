import { KafkajsProducer } from '../../../../lib/drivers/kafkajs/producer/kafkajs-producer.js';
import { sequenceAfter } from '../../../../lib/drivers/kafkajs/producer/partition-queue.js';
import type {
  BatchResult,
  OutgoingBatch,
  ProduceTransport,
} from '../../../../lib/drivers/kafkajs/producer/produce-transport.js';
import type { ProducerIdentity } from '../../../../lib/drivers/kafkajs/protocol/init-producer-id.js';
import type { DriverEvent, ProducerOptions, TopicPartition } from '../../../../lib/drivers/port.js';
import { KafkaRxError } from '../../../../lib/errors/errors.js';
import { silentLogger } from '../../../../lib/logging/logger.js';
import { noHeaders } from '../../../../lib/record/headers.js';
import { ManualClock } from '../manual-clock.js';

type Answer = (batches: readonly OutgoingBatch[]) => readonly BatchResult[] | Promise<readonly BatchResult[]>;

/** Brokers that write down what arrives, and answer as they are told or, by default, well. */
class FakeCluster implements ProduceTransport {
  readonly log = new Map<string, string[]>();
  readonly requests: { readonly nodeId: number; readonly partitions: string[] }[] = [];
  readonly leaders = new Map<string, number>();
  readonly answers: Answer[] = [];
  refreshes = 0;
  identities = 0;
  /** By partition and producer, the sequence that comes next. */
  readonly sequences = new Map<string, number>();
  /** Whether the brokers know producers at all. */
  givesIdentities = true;

  async identity(): Promise<ProducerIdentity | undefined> {
    return this.givesIdentities ? { id: BigInt(++this.identities), epoch: 0 } : undefined;
  }

  /** Appends as a broker does, and answers with the offset; what was written is not written again. */
  write(batches: readonly OutgoingBatch[]): BatchResult[] {
    return batches.map(({ topic, partition, batch }) => {
      if (batch.sequence !== undefined) {
        const { producer, sequence } = batch.sequence;
        const producerInPartition = `${topic}-${partition} ${producer.id}`;
        const next = this.sequences.get(producerInPartition) ?? 0;
        if (sequence < next) return { topic, partition, error: 'DUPLICATE_SEQUENCE_NUMBER' };
        if (sequence > next) return { topic, partition, error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' };
        this.sequences.set(producerInPartition, next + batch.count);
      }
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
    return 6;
  }

  async add(): Promise<void> {}

  async refresh(): Promise<void> {
    this.refreshes++;
  }

  /** What old metadata is waited for with. */
  due = Promise.resolve();
  dueAsked = 0;

  refreshIfDue(): Promise<void> {
    this.dueAsked++;
    return this.due;
  }
}

function setUp(
  options: Partial<ProducerOptions> = {},
  requireTopics: (topics: readonly string[]) => Promise<void> = async () => {},
) {
  const clock = new ManualClock();
  const cluster = new FakeCluster();
  const events: DriverEvent[] = [];
  const producer = new KafkajsProducer(
    {
      driver: { clientId: 'test', clock, logger: silentLogger, event: event => void events.push(event) },
      transport: cluster,
      maxBatchBytes: 10_000,
      maxRequestBytes: 40_000,
      requireTopics,
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

test.each([
  ['a broker that is gone', new Error('Connection timeout'), { code: 'UNREACHABLE', retriable: true }],
  ['a topic that is missing', new KafkaRxError('MISSING_TOPIC', 'No such topic'), { code: 'MISSING_TOPIC' }],
])('topics are prepared or not by what their metadata say: %s', async (_, error, expected) => {
  const { producer } = setUp({}, () => Promise.reject(error));
  await expect(producer.prepare(['t'])).rejects.toMatchObject(expected);
});

/** Appends a record; what it is refused with. */
function refusalsOf(producer: KafkajsProducer, partition: number, value: string): readonly KafkaRxError[] {
  const heard: KafkaRxError[] = [];
  const refused = (_: number, error: KafkaRxError) => void heard.push(error);
  const output = producer.output({ topic: 't', partition }, { acknowledged: () => {}, refused });
  output.append(null, Buffer.from(value), noHeaders, 0);
  return heard;
}

test('old metadata is renewed beside what is sent, once at a time', async () => {
  const { clock, cluster, output } = setUp();
  cluster.due = new Promise<never>(() => {});
  const { append, heard } = output(0);
  append('a');
  await clock.advance(1);
  append('b');
  await clock.advance(1);
  expect(heard).toEqual(['1 at 0', '1 at 1']);
  expect(cluster.dueAsked).toBe(1);
});

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
  expect(b.heard).toEqual(['1 at 0', '1 at 1']);
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
  const heard = refusalsOf(producer, 2, '4111 1111 1111 1111');
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

/** Writes, and then the answer is lost. */
const lostAnswer =
  (cluster: FakeCluster): Answer =>
  batches => {
    cluster.write(batches);
    return Promise.reject(new Error('connection'));
  };

test('a batch that was written and whose answer was lost is not written again', async () => {
  const { clock, cluster, output } = setUp();
  const a = output(0);
  a.append('0');
  await clock.advance(10);
  cluster.answers.push(lostAnswer(cluster), lostAnswer(cluster));
  a.append('1');
  await clock.settle();
  a.append('2');
  await clock.advance(5_000);
  expect(cluster.log.get('t-0')).toEqual(['0', '1', '2']);
  expect(a.heard).toEqual(['1 at 0', '1 at -1', '1 at 2']);
  expect(cluster.identities).toBe(1);
});

test('what can go nowhere any more is given up, and says why', async () => {
  const { clock, cluster, producer } = setUp();
  const heard = refusalsOf(producer, 0, 'a');
  const fatal = new KafkaRxError('UNREACHABLE', 'The password is wrong', { remedy: 'Give the right one' });
  cluster.answers.push(() => [{ topic: 't', partition: 0, error: 'x', fatal }]);
  await clock.advance(10);
  expect(heard).toMatchObject([
    {
      code: 'PRODUCE',
      cause: fatal,
      message: expect.stringContaining('t-0 were given up: The password is wrong'),
    },
  ]);
});

test('health tells why a batch waits as the way to the brokers tells it', async () => {
  const { clock, cluster, events, output } = setUp();
  cluster.answers.push(() =>
    Promise.reject(
      new KafkaRxError('COMMIT_FAILED', 'No coordinator answered', {
        retriable: true,
        remedy: 'Open it anew',
      }),
    ),
  );
  output(0).append('a');
  await clock.advance(1);
  expect(events).toContainEqual(expect.objectContaining({ reason: 'No coordinator answered' }));
});

test('what follows a batch of which nobody knows goes on under an identity of its own', async () => {
  const { clock, cluster, producer, output } = setUp({ deliveryTimeoutMs: 5_000 });
  const [a, b] = [output(0), output(1)];
  for (let i = 0; i < 100; i++) cluster.answers.push(() => Promise.reject(new Error('connection')));
  a.append('never');
  await clock.advance(7_000);
  expect(a.heard).toEqual(['1 PRODUCE']);
  cluster.answers.length = 0;
  a.append('next');
  b.append('other');
  await clock.advance(2_000);
  expect(cluster.log).toEqual(
    new Map([
      ['t-0', ['next']],
      ['t-1', ['other']],
    ]),
  );
  expect(cluster.identities).toBe(2);
  expect(producer.bufferedBytes).toBe(0);
});

test('a leader that has forgotten the producer gets the batch under another identity, once', async () => {
  const { clock, cluster, output } = setUp();
  const a = output(0);
  a.append('0');
  await clock.advance(10);
  cluster.sequences.clear();
  a.append('1');
  await clock.advance(2_000);
  a.append('2');
  await clock.advance(2_000);
  expect(cluster.log.get('t-0')).toEqual(['0', '1', '2']);
  expect(a.heard).toEqual(['1 at 0', '1 at 1', '1 at 2']);
});

test('a record that is refused leaves no gap in the sequence, nor do the halves of its batch', async () => {
  const { clock, cluster, output } = setUp();
  const a = output(0);
  const judge: Answer = batches =>
    batches.some(({ batch }) => batch.records().some(({ value }) => value?.toString() === 'bad'))
      ? [{ topic: 't', partition: 0, error: 'INVALID_RECORD' }]
      : cluster.write(batches);
  for (let i = 0; i < 40; i++) cluster.answers.push(judge);
  for (const value of ['0', 'bad', '1', '2', '3']) a.append(value);
  await clock.advance(500);
  a.append('4');
  await clock.advance(500);
  expect(cluster.log.get('t-0')).toEqual(['0', '1', '2', '3', '4']);
  expect(cluster.identities).toBe(1);
});

test('a cluster that gives no identity is written to all the same', async () => {
  const { clock, cluster, output } = setUp();
  cluster.givesIdentities = false;
  const a = output(0);
  a.append('0');
  a.append('1');
  await clock.advance(10);
  expect(a.heard).toEqual(['2 at 0']);
  expect(cluster.sequences.size).toBe(0);
});

test('sequences begin anew behind 2^31 - 1', () => {
  expect([sequenceAfter(0, 3), sequenceAfter(2 ** 31 - 2, 1), sequenceAfter(2 ** 31 - 2, 4)]).toEqual([
    ...[3, 2 ** 31 - 1, 2],
  ]);
});

describe('sends nothing more once it is closed', () => {
  test('within a refusal: what is behind the refused record stays unwritten', async () => {
    const { clock, cluster, producer, output } = setUp({ maxRecordBytes: 3 });
    const heard: string[] = [];
    const to = producer.output(
      { topic: 't', partition: 0 },
      {
        acknowledged: count => void heard.push(`${count} written`),
        refused: (count, { code }) => {
          heard.push(`${count} ${code}`);
          void producer.close();
        },
      },
    );
    const other = output(1);
    for (const value of ['long', '2', '3']) to.append(null, Buffer.from(value), noHeaders, 0);
    other.append('x');
    await clock.advance(1_000);
    expect(cluster.requests).toEqual([]);
    expect(heard).toEqual(['1 RECORD_TOO_LARGE', '2 CLOSED']);
    expect(other.heard).toEqual(['1 CLOSED']);
  });

  test('while the cluster is asked for an identity', async () => {
    const { clock, cluster, producer, output } = setUp();
    const given: { now: () => void } = { now: () => {} };
    cluster.identity = () =>
      new Promise(resolve => {
        given.now = () => resolve({ id: 1n, epoch: 0 });
      });
    const a = output(0);
    a.append('1');
    await clock.settle();
    const closed = producer.close();
    await clock.settle();
    await closed;
    given.now();
    await clock.advance(1_000);
    expect(cluster.requests).toEqual([]);
    expect(a.heard).toEqual(['1 CLOSED']);
  });

  test('nor does it speak of trying again', async () => {
    const { clock, cluster, events, producer, output } = setUp();
    const failed: { now: () => void } = { now: () => {} };
    cluster.answers.push(
      () =>
        new Promise((_, reject) => {
          failed.now = () => reject(new Error('connection'));
        }),
    );
    output(0).append('1');
    await clock.settle();
    void producer.close();
    await clock.settle();
    failed.now();
    await clock.advance(1_000);
    expect(events).toEqual([]);
  });
});

test('a batch whose answer cannot be read may have been written: what follows is no repetition of it', async () => {
  const { clock, cluster, output } = setUp();
  const a = output(0);
  cluster.answers.push(batches => {
    cluster.write(batches);
    throw new KafkaRxError('DRIVER', 'A response of the broker ends too early');
  });
  a.append('0');
  await clock.advance(100);
  a.append('1');
  await clock.advance(100);
  expect(a.heard[0]).toBe('1 PRODUCE');
  expect(cluster.log.get('t-0')).toEqual(['0', '1']);
  expect(a.heard[1]).toBe('1 at 1');
});

test('an output whose listener throws holds up no other, and what it threw comes out', async () => {
  const { clock, cluster, producer, output } = setUp();
  producer
    .output(
      { topic: 't', partition: 0 },
      {
        acknowledged: () => {
          throw new Error('a defect of whoever listens');
        },
        refused: () => {},
      },
    )
    .append(null, Buffer.from('0'), noHeaders, 0);
  const [same, other] = [output(0), output(1)];
  same.append('1');
  other.append('2');
  const flushed = producer.flush();
  await expect(clock.advance(100)).rejects.toThrow('a defect of whoever listens');
  await clock.advance(100);
  await flushed;
  expect([same.heard, other.heard]).toEqual([['1 at 1'], ['1 at 0']]);
  expect(cluster.requests).toHaveLength(1);
  expect(producer.bufferedBytes).toBe(0);
});
