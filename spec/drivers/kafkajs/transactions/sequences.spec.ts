import { KafkajsProducer } from '../../../../lib/drivers/kafkajs/producer/kafkajs-producer.js';
import type {
  BatchResult,
  OutgoingBatch,
  ProduceTransport,
} from '../../../../lib/drivers/kafkajs/producer/produce-transport.js';
import type { Throttled } from '../../../../lib/drivers/kafkajs/protocol/protocol-request.js';
import { KafkaTransaction } from '../../../../lib/drivers/kafkajs/transactions/kafka-transaction.js';
import { KafkajsUnitOfWork } from '../../../../lib/drivers/kafkajs/transactions/kafkajs-unit-of-work.js';
import type { Question } from '../../../../lib/drivers/kafkajs/transactions/transaction-coordinator.js';
import { refusedTransaction } from '../../../../lib/drivers/kafkajs/transactions/transaction-errors.js';
import { TransactionalTransport } from '../../../../lib/drivers/kafkajs/transactions/transactional-transport.js';
import type { KafkaRxError } from '../../../../lib/errors/errors.js';
import { UnitProducer } from '../../../../lib/flow/tasks/unit-producer.js';
import { noHeaders } from '../../../../lib/record/headers.js';
import { quietContext } from '../../quiet-context.js';
import { ManualClock } from '../manual-clock.js';

type Answer = 'writes' | 'writes unanswered' | 'says nothing' | (string & {});

interface Answered {
  readonly error?: string;
  readonly baseOffset: number;
}

interface Written {
  readonly from: number;
  readonly to: number;
  readonly baseOffset: number;
}

/** A leader that knows the last five batches of a producer's epoch, as Kafka's does (ProducerStateEntry.NUM_BATCHES_TO_RETAIN). */
class Leader {
  readonly log: string[] = [];
  readonly answers: Answer[] = [];
  #epoch = -1;
  #batches: Written[] = [];

  append({ batch }: OutgoingBatch): Answered {
    const values = batch.records().map(({ value }) => String(value));
    const answer = this.answers.shift() ?? (values.includes('poison') ? 'INVALID_RECORD' : 'writes');
    if (answer === 'says nothing') throw new Error('no answer');
    if (!answer.startsWith('writes')) return { error: answer, baseOffset: -1 };
    const result = this.#write(values, batch.sequence?.producer.epoch ?? -1, batch.sequence?.sequence ?? -1);
    if (answer === 'writes unanswered') throw new Error('no answer');
    return result;
  }

  #write(values: string[], epoch: number, from: number): Answered {
    if (epoch !== this.#epoch) [this.#epoch, this.#batches] = [epoch, []];
    const to = from + values.length - 1;
    const known = this.#batches.find(one => one.from === from && one.to === to);
    if (known !== undefined) return { baseOffset: known.baseOffset };
    const next = (this.#batches.at(-1)?.to ?? -1) + 1;
    if (from !== next) return { error: 'OUT_OF_ORDER_SEQUENCE_NUMBER', baseOffset: -1 };
    const baseOffset = this.log.length;
    this.log.push(...values);
    this.#batches = [...this.#batches, { from, to, baseOffset }].slice(-5);
    return { baseOffset };
  }
}

/** A unit as the sinks of a task see it, on one partition. */
async function opened(isSingle = false) {
  const clock = new ManualClock();
  const leader = new Leader();
  let epoch = 0;
  const failures = new Map<string, Error>();
  const coordinator = {
    transactionalId: 'g/0',
    ask: async <T extends Throttled>({ request }: Question<T>): Promise<T> => {
      const failure = failures.get(request.apiName);
      if (failure !== undefined) throw failure;
      const identity = { id: 7n, epoch: request.apiName === 'InitProducerId' ? epoch++ : epoch };
      return { clientSideThrottleTime: 0, errorCode: 0, results: [], identity } as Throttled as T;
    },
  };
  const transport: ProduceTransport = {
    send: async (_nodeId, batches) =>
      batches.map(({ topic, partition, batch }): BatchResult => {
        const { error, baseOffset } = leader.append({ topic, partition, batch });
        return error === undefined ? { topic, partition, baseOffset } : { topic, partition, error };
      }),
    leader: () => 1,
    partitionCount: () => 1,
    add: async () => {},
    refresh: async () => {},
    refreshIfDue: async () => {},
  };
  const driver = quietContext('test', clock);
  const transaction = await KafkaTransaction.open(coordinator, { clock, timeoutMs: 60_000 });
  const producer = new KafkajsProducer(
    {
      ...{ driver, maxBatchBytes: 10_000, maxRequestBytes: 40_000, requireTopics: async () => {} },
      transport: new TransactionalTransport(transport, transaction),
    },
    { maxRecordBytes: 5_000, deliveryTimeoutMs: 5_000 },
  );
  const member = () => ({ groupId: 'g', memberId: 'm', groupGenerationId: 3 });
  const unit = new KafkajsUnitOfWork({ driver, transaction, producer, labelled: offsets => offsets, member });
  const ofRecord: string[] = [];
  const ofUnit: KafkaRxError[] = [];
  const sinks = new UnitProducer(
    unit,
    { isSingle: () => isSingle, refused: error => ofUnit.push(error) },
    new Set(),
  );
  const output = sinks.output(
    { topic: 't', partition: 0 },
    { acknowledged: () => {}, refused: (_count, error) => ofRecord.push(error.message) },
  );
  return {
    ...{ clock, leader, unit, failures, ofRecord, ofUnit },
    append: (...values: readonly string[]) => {
      for (const value of values) output.append(null, Buffer.from(value), noHeaders, 1);
    },
    dropped: async (): Promise<void> => {
      const aborted = unit.abort();
      await clock.advance(10_000);
      await aborted;
    },
    ended: async (): Promise<string> => {
      let how = 'open';
      unit.commit([{ topic: 'in', partition: 0, epoch: 1, offset: 9 }]).then(
        () => {
          how = 'committed';
        },
        () => {
          how = 'dropped';
        },
      );
      await clock.advance(10_000);
      return how;
    },
  };
}

test.each([
  ['one batch before', ['a']],
  ['two', ['a', 'b']],
])('the halves of a batch that was sent in vain first are written, each once: %s', async (_, before) => {
  const { clock, leader, unit, append, ended } = await opened();
  unit.begin();
  for (const value of before) {
    append(value);
    await clock.advance(1);
  }
  expect(await ended()).toBe('committed');
  unit.begin();
  append('c', 'd');
  leader.answers.push('NOT_LEADER_FOR_PARTITION', 'MESSAGE_TOO_LARGE');
  await clock.advance(3_000);
  expect(await ended()).toBe('committed');
  expect(leader.log).toEqual([...before, 'c', 'd']);
});

test('a record that nobody acknowledged in time is no record’s fault: the unit is dropped, and nothing follows it', async () => {
  const { clock, leader, unit, append, ended, dropped, ofRecord, ofUnit } = await opened(true);
  unit.begin();
  leader.answers.push('writes unanswered', ...Array<Answer>(9).fill('REQUEST_TIMED_OUT'));
  append('x');
  await clock.advance(4_900);
  append('y');
  await clock.advance(150);
  leader.answers.length = 0;
  await clock.advance(3_000);
  expect(ofRecord).toEqual([]);
  expect(ofUnit[0]).toMatchObject({ code: 'PRODUCE', retriable: true });
  const whyNotTheNext = expect.stringMatching(/^Records for t-0 were given up: .* nothing can follow it/);
  expect(ofUnit[1]).toMatchObject({ code: 'PRODUCE', message: whyNotTheNext });
  await dropped();
  // In the next one, under another epoch, it is written once more.
  unit.begin();
  append('x', 'y');
  expect(await ended()).toBe('committed');
  expect(leader.log).toEqual(['x', 'x', 'y']);
});

test('a poison record whose batch was sent in vain first gets its policy in the unit after', async () => {
  const { clock, leader, unit, append, ended, dropped, ofRecord, ofUnit } = await opened(true);
  unit.begin();
  leader.answers.push('NOT_LEADER_FOR_PARTITION');
  append('poison');
  await clock.advance(3_000);
  append('z');
  expect(ofRecord).toEqual([]);
  expect(ofUnit[0]?.message).toContain('INVALID_RECORD');
  await dropped();
  unit.begin();
  append('good', 'poison');
  await clock.advance(100);
  append('z');
  expect(await ended()).toBe('committed');
  expect(ofRecord).toEqual([expect.stringContaining('INVALID_RECORD')]);
  expect(leader.log).toEqual(['good', 'z']);
});

test('an id that the brokers have forgotten is no record’s fault: the next unit is another producer’s', async () => {
  const { clock, leader, unit, append, ended, failures, ofRecord, ofUnit } = await opened(true);
  failures.set('AddPartitionsToTxn', refusedTransaction('g/0', 'INVALID_PRODUCER_ID_MAPPING'));
  unit.begin();
  append('a');
  await clock.advance(1_000);
  expect([ofRecord, ofUnit.length]).toEqual([[], 1]);
  expect(await ended()).toBe('dropped');
  failures.clear();
  unit.begin();
  append('a');
  expect(await ended()).toBe('committed');
  expect(leader.log).toEqual(['a']);
});
