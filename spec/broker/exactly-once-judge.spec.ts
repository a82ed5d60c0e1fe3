/** The judge of exactly once, its evidence gathered on a real Kafka of a log that is written by hand, unit by unit. */
import kafkajs from 'kafkajs';
import { outputsOf } from '../../bench/peers/by-hand.js';
import { deadLetterPrefix } from '../../lib/errors/dead-letters/headers.js';
import type { ExactlyOnceEvidence } from '../chaos/exactly-once/evidence.js';
import { judge } from '../chaos/exactly-once/judge.js';
import { Witness } from '../chaos/exactly-once/witness.js';
import { purchase } from '../chaos/load-generator.js';
import { type KafkaCluster, startCluster } from '../kafka/cluster.js';
import { missingPrerequisites } from '../kafka/provision.js';
import { consoleConsumer } from '../kafka/tools.js';
import { until } from './until.js';

const missing = missingPrerequisites();
if (missing !== undefined) process.stderr.write(`The judge of exactly once is not tested. ${missing}\n`);

const group = 'by-hand';
const input = 'transactions';
const outputs = ['patterns', 'rewards', 'purchases'] as const;
const letters = 'letters';
const partitions = 2;
const restMs = 500;
const poison = 'no JSON';

/** A record of the input: where it lies, and a purchase's text or poison. */
interface Source {
  readonly offset: number;
  readonly text: string;
}

(missing === undefined ? describe : describe.skip)('a log of transactions on Kafka', () => {
  let cluster: KafkaCluster;
  let kafka: kafkajs.Kafka;
  let plain: kafkajs.Producer;
  let owner: kafkajs.Producer;
  const open: kafkajs.Producer[] = [];
  const witnesses: Witness[] = [];

  beforeAll(async () => {
    cluster = await startCluster();
    kafka = new kafkajs.Kafka({ brokers: [...cluster.brokers], logLevel: kafkajs.logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({
      waitForLeaders: true,
      topics: [input, ...outputs, letters].map(topic => ({
        topic,
        numPartitions: topic === input ? 1 : partitions,
      })),
    });
    // A transaction's offsets are tried once: their coordinator has to be there.
    const coordinated = async () =>
      admin.fetchOffsets({ groupId: group, topics: [input] }).then(
        () => true,
        () => false,
      );
    await until('the coordinator of the group', coordinated);
    await admin.disconnect();
    plain = await connected({});
    owner = await takeOver();
  });
  afterAll(async () => {
    await Promise.all(witnesses.map(one => one.close()));
    await Promise.all(open.map(producer => producer.disconnect()));
    await cluster?.stop();
  });

  async function connected(options: kafkajs.ProducerConfig): Promise<kafkajs.Producer> {
    const createPartitioner = kafkajs.Partitioners.DefaultPartitioner;
    const producer = kafka.producer({ createPartitioner, allowAutoTopicCreation: false, ...options });
    await producer.connect();
    open.push(producer);
    return producer;
  }

  /** Ends what the owner before left open. */
  function takeOver(): Promise<kafkajs.Producer> {
    return connected({ transactionalId: 'unit-0', idempotent: true, maxInFlightRequests: 1 });
  }

  function witness(): Witness {
    const one = new Witness({ brokers: cluster.brokers, group, input, outputs, partitions, letters });
    witnesses.push(one);
    return one;
  }

  async function conclude(by = witness()): Promise<{ evidence: ExactlyOnceEvidence; broken: string[] }> {
    const evidence = await by.conclude(restMs);
    return { evidence, broken: judge(evidence).map(({ invariant }) => invariant) };
  }

  let next = 0;
  async function publish(...texts: string[]): Promise<Source[]> {
    await plain.send({ topic: input, messages: texts.map(value => ({ key: 'c', value, partition: 0 })) });
    return texts.map(text => ({ offset: next++, text }));
  }

  function messagesOf({ text, offset }: Source): kafkajs.TopicMessages[] {
    if (text === poison) {
      const headers = { topic: input, partition: '0', offset: String(offset), stage: 'decode' };
      const named = Object.entries(headers).map(([name, value]) => [`${deadLetterPrefix}${name}`, value]);
      return [{ topic: letters, messages: [{ value: null, headers: Object.fromEntries(named) }] }];
    }
    const { zipCode, customerId, pattern, reward, purchase } = outputsOf(Buffer.from(text));
    return [
      { topic: 'patterns', messages: [{ key: zipCode, value: pattern }] },
      { topic: 'rewards', messages: [{ key: customerId, value: reward }] },
      { topic: 'purchases', messages: [{ key: customerId, value: purchase }] },
    ];
  }

  async function write(to: Pick<kafkajs.Producer, 'send'>, sources: readonly Source[]): Promise<void> {
    for (const source of sources) for (const messages of messagesOf(source)) await to.send(messages);
  }

  async function unit(sources: readonly Source[], end: 'commit' | 'abort' | 'leave open'): Promise<void> {
    const transaction = await owner.transaction();
    await write(transaction, sources);
    const offset = String((sources.at(-1)?.offset ?? -1) + 1);
    const topics = [{ topic: input, partitions: [{ partition: 0, offset }] }];
    if (end === 'commit') {
      await transaction.sendOffsets({ consumerGroupId: group, topics });
      await transaction.commit();
    }
    if (end === 'abort') await transaction.abort();
  }

  test('a unit that commits, one that aborts and one that was left open and fenced are judged sound', async () => {
    const along = witness();
    along.follow();
    const [first, second, third, fourth, fifth] = await publish(
      ...[purchase('c1', 0), purchase('c2', 0), poison, purchase('c1', 1), purchase('c3', 0)],
    );
    if (!first || !second || !third || !fourth || !fifth) throw new Error('five were published');
    await unit([first, second], 'commit');
    await unit([third, fourth], 'abort');
    await unit([third, fourth], 'commit');
    await along.killed('between two units');
    await unit([fifth], 'leave open');
    await along.killed('in a unit');
    owner = await takeOver();
    await unit([fifth], 'commit');

    const { evidence, broken } = await conclude(along);
    expect(evidence.kills).toEqual([
      { member: 'between two units', transactionOpen: false },
      { member: 'in a unit', transactionOpen: true },
    ]);
    expect(broken).toEqual(['a transaction is open at every kill']);
    // A letter, three outputs of the unit that was aborted, and three of the one that was fenced.
    expect(evidence.aborted).toBe(7);
    expect(evidence.inputs.get(0)).toHaveLength(5);
    expect(evidence.committed).toEqual(new Map([[0, 5]]));
    expect(evidence.torn).toEqual([]);
  });

  test('it has read what Kafka’s own client reads, in the same order', async () => {
    const { evidence, broken } = await conclude();
    expect(broken).toEqual([]);
    for (const topic of outputs) {
      const lines = await consoleConsumer({ brokers: cluster.brokers, topic, timeoutMs: 3_000 });
      const read = [...(evidence.outputs.get(topic) ?? [])].flatMap(([partition, records]) =>
        records.map(({ offset }) => `${partition}/${offset}`),
      );
      expect(read).toHaveLength(4);
      for (const partition of [0, 1])
        expect(read.filter(place => place.startsWith(`${partition}/`))).toEqual(
          lines.filter(line => line.partition === partition).map(({ offset }) => `${partition}/${offset}`),
        );
    }
  });

  test('a transaction that is left open is found, and what waits behind it', async () => {
    const [sixth] = await publish(purchase('c4', 0));
    if (!sixth) throw new Error('one was published');
    await unit([sixth], 'leave open');
    const { broken } = await conclude();
    expect(broken).toEqual(['every transaction has ended', 'everything is committed in the end']);
    owner = await takeOver();
    await unit([sixth], 'commit');
    expect((await conclude()).broken).toEqual([]);
  });

  test('a letter, and outputs, that are written outside of the transaction are found, and so is what they repeat', async () => {
    const [bad, good] = await publish(poison, purchase('c5', 0));
    if (!bad || !good) throw new Error('two were published');
    await write(plain, [bad]);
    expect((await conclude()).broken).toEqual([
      'outputs and their offset together',
      'every output in a transaction',
      'everything is committed in the end',
    ]);
    await unit([bad, good], 'commit');
    expect((await conclude()).broken).toEqual(['no output twice', 'every output in a transaction']);
  });
});
