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
import {
  refusedTransaction,
  unansweredTransaction,
} from '../../../../lib/drivers/kafkajs/transactions/transaction-errors.js';
import { TransactionalTransport } from '../../../../lib/drivers/kafkajs/transactions/transactional-transport.js';
import { silentLogger } from '../../../../lib/logging/logger.js';
import { noHeaders } from '../../../../lib/record/headers.js';
import { ManualClock } from '../manual-clock.js';

type Send = (batches: readonly OutgoingBatch[]) => Promise<readonly BatchResult[]>;

const acknowledged: Send = async batches =>
  batches.map(({ topic, partition }) => ({ topic, partition, baseOffset: 0 }));

/** A leader and a coordinator that write down in which order they are asked, and answer as they are told. */
class FakeBroker {
  readonly log: string[] = [];
  readonly transactionalId = 'g-0';
  /** Of the next requests to the coordinator, by name. */
  readonly failures = new Map<string, Error>();
  send: Send = acknowledged;
  #epoch = 0;

  readonly transport: ProduceTransport = {
    send: async (_nodeId, batches) => {
      for (const { partition, batch } of batches)
        this.log.push(`batch ${partition} ${batch.sequence?.producer.epoch}/${batch.sequence?.sequence}`);
      return this.send(batches);
    },
    leader: () => 1,
    partitionCount: () => 2,
    add: async () => {},
    refresh: async () => {},
    refreshIfDue: async () => {},
  };

  async ask<T extends Throttled>({ request }: Question<T>): Promise<T> {
    this.log.push(request.apiName);
    const failure = this.failures.get(request.apiName);
    if (failure !== undefined) throw failure;
    const identity = { id: 7n, epoch: this.#epoch, transactional: true };
    if (request.apiName === 'InitProducerId') this.#epoch++;
    // Nothing else of an answer without errors is looked at.
    return { clientSideThrottleTime: 0, errorCode: 0, results: [], identity } as Throttled as T;
  }
}

async function opened() {
  const clock = new ManualClock();
  const broker = new FakeBroker();
  const driver = { clientId: 'test', clock, logger: silentLogger, event: () => {} };
  const transaction = await KafkaTransaction.open(broker);
  const transport = new TransactionalTransport(broker.transport, transaction);
  const producer = new KafkajsProducer(
    { driver, transport, maxBatchBytes: 10_000, maxRequestBytes: 40_000, requireTopics: async () => {} },
    { maxRecordBytes: 5_000, deliveryTimeoutMs: 5_000 },
  );
  const member = () => ({ groupId: 'g', memberId: 'm', groupGenerationId: 3 });
  const unit = new KafkajsUnitOfWork({ driver, transaction, producer, labelled: offsets => offsets, member });
  const output = unit.output({ topic: 't', partition: 0 }, { acknowledged: () => {}, refused: () => {} });
  broker.log.length = 0;
  return {
    ...{ clock, broker, unit },
    append: (value: string) => output.append(null, Buffer.from(value), noHeaders, 1),
    /** How the call has ended after `ms`. */
    after: async (ms: number, call: Promise<unknown>): Promise<string> => {
      let ended = 'open';
      call.then(
        () => {
          ended = 'done';
        },
        (error: { readonly code: string }) => {
          ended = error.code;
        },
      );
      await clock.advance(ms);
      return ended;
    },
  };
}

const offsets = [{ topic: 'in', partition: 0, epoch: 1, offset: 4 }];

test('a partition is added before its first batch, and the outcome comes behind everything', async () => {
  const { clock, broker, unit, append, after } = await opened();
  unit.begin();
  append('a');
  await clock.advance(10);
  append('b');
  expect(await after(100, unit.commit(offsets))).toBe('done');
  expect(broker.log).toEqual([
    ...['AddPartitionsToTxn', 'batch 0 0/0', 'batch 0 0/1'],
    ...['AddOffsetsToTxn', 'TxnOffsetCommit', 'EndTxn'],
  ]);
});

test('sequences go on in the next unit, to which the partition is added anew', async () => {
  const { broker, unit, append, after } = await opened();
  for (const value of ['a', 'b']) {
    unit.begin();
    append(value);
    await after(100, unit.commit([]));
  }
  expect(broker.log).toEqual([
    ...['AddPartitionsToTxn', 'batch 0 0/0', 'EndTxn'],
    ...['AddPartitionsToTxn', 'batch 0 0/1', 'EndTxn'],
  ]);
});

test('one that stays empty says nothing to the coordinator', async () => {
  const { broker, unit, after } = await opened();
  unit.begin();
  expect(await after(10, unit.commit([]))).toBe('done');
  unit.begin();
  expect(await after(10, unit.abort())).toBe('done');
  expect(broker.log).toEqual([]);
});

test('a record that comes right behind an abort has its whole time', async () => {
  const { clock, broker, unit, append, after } = await opened();
  await clock.advance(20_000);
  unit.begin();
  await unit.abort();
  unit.begin();
  append('a');
  expect(await after(1_000, unit.commit([]))).toBe('done');
  expect(broker.log).toEqual(['AddPartitionsToTxn', 'batch 0 0/0', 'EndTxn']);
});

test('an abort sends nothing more, and begins anew under another epoch where a batch’s fate is unknown', async () => {
  const { clock, broker, unit, append, after } = await opened();
  broker.send = () => Promise.reject(new Error('connection'));
  unit.begin();
  append('lost');
  await clock.advance(10);
  append('never sent');
  expect(await after(1_000, unit.abort())).toBe('done');
  broker.send = acknowledged;
  unit.begin();
  append('next');
  expect(await after(1_000, unit.commit([]))).toBe('done');
  expect(broker.log).toEqual([
    ...['AddPartitionsToTxn', 'batch 0 0/0', 'EndTxn', 'InitProducerId'],
    ...['AddPartitionsToTxn', 'batch 0 1/0', 'EndTxn'],
  ]);
});

test('a record that is not acknowledged in time fails the commit, which is aborted', async () => {
  const { broker, unit, append, after } = await opened();
  broker.send = () => Promise.reject(new Error('connection'));
  unit.begin();
  append('never');
  expect(await after(20_000, unit.commit(offsets))).toBe('PRODUCE');
  expect(broker.log.filter(what => !what.startsWith('batch'))).toEqual(['AddPartitionsToTxn', 'EndTxn']);
  expect(() => unit.begin()).toThrow(expect.objectContaining({ code: 'PRODUCE' }));
});

test('what the group refuses is aborted', async () => {
  const { broker, unit, append, after } = await opened();
  broker.failures.set('TxnOffsetCommit', refusedTransaction('g-0', 'ILLEGAL_GENERATION'));
  unit.begin();
  append('a');
  expect(await after(1_000, unit.commit(offsets))).toBe('COMMIT_REFUSED');
  expect(broker.log.slice(-2)).toEqual(['TxnOffsetCommit', 'EndTxn']);
});

test('a commit that nobody answered is never followed by an abort: it may have been done', async () => {
  const { broker, unit, append, after } = await opened();
  broker.failures.set('EndTxn', unansweredTransaction('g-0', 'EndTxn', 'no answer'));
  unit.begin();
  append('a');
  expect(await after(10_000, unit.commit([]))).toBe('COMMIT_FAILED');
  await after(10_000, unit.close());
  expect(broker.log).toEqual(['AddPartitionsToTxn', 'batch 0 0/0', 'EndTxn']);
  expect(() => unit.begin()).toThrow(expect.objectContaining({ code: 'COMMIT_FAILED' }));
});

test.each(['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED', 'OUT_OF_ORDER_SEQUENCE_NUMBER'])(
  'a leader’s %s ends it: nothing is sent again under another identity, nothing asked any more',
  async error => {
    const { broker, unit, append, after } = await opened();
    broker.send = async () => [{ topic: 't', partition: 0, error }];
    unit.begin();
    append('a');
    const code = error.startsWith('OUT') ? 'COMMIT_FAILED' : 'COMMIT_REFUSED';
    expect(await after(20_000, unit.commit(offsets))).toBe(code);
    expect(broker.log).toEqual(['AddPartitionsToTxn', 'batch 0 0/0']);
  },
);
