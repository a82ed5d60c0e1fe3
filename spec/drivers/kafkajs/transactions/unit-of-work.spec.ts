import { KafkajsProducer } from '../../../../lib/drivers/kafkajs/producer/kafkajs-producer.js';
import type {
  BatchResult,
  OutgoingBatch,
  ProduceTransport,
} from '../../../../lib/drivers/kafkajs/producer/produce-transport.js';
import { ByteReader } from '../../../../lib/drivers/kafkajs/protocol/byte-reader.js';
import type { Throttled } from '../../../../lib/drivers/kafkajs/protocol/protocol-request.js';
import { KafkaTransaction } from '../../../../lib/drivers/kafkajs/transactions/kafka-transaction.js';
import { KafkajsUnitOfWork } from '../../../../lib/drivers/kafkajs/transactions/kafkajs-unit-of-work.js';
import type { Question } from '../../../../lib/drivers/kafkajs/transactions/transaction-coordinator.js';
import {
  refusedTransaction,
  unansweredTransaction,
} from '../../../../lib/drivers/kafkajs/transactions/transaction-errors.js';
import { TransactionalTransport } from '../../../../lib/drivers/kafkajs/transactions/transactional-transport.js';
import { noHeaders } from '../../../../lib/record/headers.js';
import { quietContext } from '../../quiet-context.js';
import { ManualClock } from '../manual-clock.js';

type Send = (batches: readonly OutgoingBatch[]) => Promise<readonly BatchResult[]>;

const acknowledged: Send = async batches =>
  batches.map(({ topic, partition }) => ({ topic, partition, baseOffset: 0 }));

/** A leader and a coordinator that write down in which order they are asked, and answer as they are told. */
class FakeBroker {
  readonly log: string[] = [];
  readonly transactionalId = 'g/0';
  /** Of the next requests to the coordinator, by name. */
  readonly failures = new Map<string, Error>();
  /** Whom an identity was asked for as, each time. */
  readonly owners: string[] = [];
  /** Requests whose first attempt nobody answers, by name. */
  readonly unanswered = new Set<string>();
  send: Send = acknowledged;
  identity = { id: 7n, epoch: 0, transactional: true };

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

  async ask<T extends Throttled>({ request, uncertain }: Question<T>): Promise<T> {
    this.log.push(request.apiName);
    if (request.apiName === 'InitProducerId') this.owners.push(ownerIn(request.parts));
    if (this.unanswered.delete(request.apiName)) uncertain?.();
    const failure = this.failures.get(request.apiName);
    if (failure !== undefined) throw failure;
    const { identity } = this;
    if (request.apiName === 'InitProducerId') this.identity = { ...identity, epoch: identity.epoch + 1 };
    // Nothing else of an answer without errors is looked at.
    return { clientSideThrottleTime: 0, errorCode: 0, results: [], identity } as Throttled as T;
  }
}

/** Of an InitProducerId: id and epoch. */
function ownerIn(parts: readonly Buffer[]): string {
  const reader = new ByteReader(Buffer.concat([...parts]));
  reader.skipTags();
  reader.compactString();
  reader.skip(4); // the timeout
  return `${reader.id64()}/${reader.int16()}`;
}

const timeoutMs = 60_000;

async function opened() {
  const clock = new ManualClock();
  const broker = new FakeBroker();
  const driver = quietContext('test', clock);
  const transaction = await KafkaTransaction.open(broker, { clock, timeoutMs });
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

const committing = ['AddOffsetsToTxn', 'TxnOffsetCommit', 'EndTxn'];
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
    await after(100, unit.commit(offsets));
  }
  expect(broker.log).toEqual([
    ...['AddPartitionsToTxn', 'batch 0 0/0', ...committing],
    ...['AddPartitionsToTxn', 'batch 0 0/1', ...committing],
  ]);
});

test('one that stays empty says nothing to the coordinator', async () => {
  const { broker, unit, after } = await opened();
  unit.begin();
  expect(await after(10, unit.abort())).toBe('done');
  unit.begin();
  expect(await after(10, unit.commit([]))).toBe('DRIVER');
  expect(broker.log).toEqual([]);
});

test('a record that comes right behind an abort has its whole time', async () => {
  const { clock, broker, unit, append, after } = await opened();
  await clock.advance(20_000);
  unit.begin();
  await unit.abort();
  unit.begin();
  append('a');
  expect(await after(1_000, unit.commit(offsets))).toBe('done');
  expect(broker.log).toEqual(['AddPartitionsToTxn', 'batch 0 0/0', ...committing]);
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
  expect(await after(1_000, unit.commit(offsets))).toBe('done');
  expect(broker.log).toEqual([
    ...['AddPartitionsToTxn', 'batch 0 0/0', 'EndTxn', 'InitProducerId'],
    ...['AddPartitionsToTxn', 'batch 0 1/0', ...committing],
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
  broker.failures.set('TxnOffsetCommit', refusedTransaction('g/0', 'ILLEGAL_GENERATION'));
  unit.begin();
  append('a');
  expect(await after(1_000, unit.commit(offsets))).toBe('COMMIT_REFUSED');
  expect(broker.log.slice(-2)).toEqual(['TxnOffsetCommit', 'EndTxn']);
});

test('a commit that nobody answered is never followed by an abort: it may have been done', async () => {
  const { broker, unit, append, after } = await opened();
  broker.failures.set('EndTxn', unansweredTransaction('g/0', 'EndTxn', 'no answer'));
  broker.unanswered.add('EndTxn');
  unit.begin();
  append('a');
  expect(await after(10_000, unit.commit(offsets))).toBe('COMMIT_UNKNOWN');
  await after(10_000, unit.close());
  expect(broker.log).toEqual(['AddPartitionsToTxn', 'batch 0 0/0', ...committing]);
  expect(() => unit.begin()).toThrow(expect.objectContaining({ code: 'COMMIT_UNKNOWN', retriable: true }));
});

test('nor is it known of one that was refused once an attempt was lost: that one may have done it', async () => {
  const { broker, unit, append, after } = await opened();
  broker.failures.set('EndTxn', refusedTransaction('g/0', 'PRODUCER_FENCED'));
  broker.unanswered.add('EndTxn');
  unit.begin();
  append('a');
  expect(await after(10_000, unit.commit(offsets))).toBe('COMMIT_UNKNOWN');
});

test('a commit that no coordinator was found for is aborted: it was not asked for', async () => {
  const { clock, broker, unit, append, after } = await opened();
  broker.failures.set('EndTxn', unansweredTransaction('g/0', 'EndTxn', 'no broker'));
  unit.begin();
  append('a');
  await clock.advance(10);
  expect(await after(10_000, unit.commit(offsets))).toBe('COMMIT_FAILED');
  expect(broker.log.filter(what => what === 'EndTxn')).toHaveLength(2);
});

test('a coordinator that is lost in mid-transaction is told by name, and nothing was committed', async () => {
  const { broker, unit, append, after } = await opened();
  broker.failures.set('AddPartitionsToTxn', unansweredTransaction('g/0', 'AddPartitionsToTxn', 'no answer'));
  unit.begin();
  append('a');
  const commit = unit.commit(offsets);
  const told = expect(commit).rejects.toMatchObject({
    ...{ code: 'COMMIT_FAILED', retriable: true },
    message: expect.stringContaining('AddPartitionsToTxn'),
  });
  await after(20_000, commit);
  await told;
  expect(broker.log).not.toContain('AddOffsetsToTxn');
});

test.each(['AddPartitionsToTxn', 'AddOffsetsToTxn', 'TxnOffsetCommit', 'EndTxn'])(
  'once an answer to %s was lost the next unit has another epoch: the request may arrive later once more',
  async request => {
    const { broker, unit, append, after } = await opened();
    broker.unanswered.add(request);
    for (const value of ['a', 'b', 'c']) {
      unit.begin();
      append(value);
      expect(await after(100, unit.commit(offsets))).toBe('done');
    }
    expect(broker.log).toEqual([
      ...['AddPartitionsToTxn', 'batch 0 0/0', ...committing],
      ...['InitProducerId', 'AddPartitionsToTxn', 'batch 0 1/0', ...committing],
      ...['AddPartitionsToTxn', 'batch 0 1/1', ...committing],
    ]);
  },
);

test('a unit of offsets alone is under the other epoch too', async () => {
  const { broker, unit, after } = await opened();
  broker.unanswered.add('EndTxn');
  for (let i = 0; i < 2; i++) {
    unit.begin();
    expect(await after(100, unit.commit(offsets))).toBe('done');
  }
  expect(broker.log).toEqual([...committing, 'InitProducerId', ...committing]);
});

test('where epochs have run out the next unit has the new id that it is given, and sequences begin anew', async () => {
  const { broker, unit, append, after } = await opened();
  broker.unanswered.add('EndTxn');
  broker.identity = { id: 8n, epoch: 0, transactional: true };
  const ids: (bigint | undefined)[] = [];
  broker.send = async batches => {
    for (const { batch } of batches) ids.push(batch.sequence?.producer.id);
    return acknowledged(batches);
  };
  for (const value of ['a', 'b']) {
    unit.begin();
    append(value);
    expect(await after(100, unit.commit(offsets))).toBe('done');
  }
  expect(ids).toEqual([7n, 8n]);
  expect(broker.log.filter(what => what.startsWith('batch'))).toEqual(['batch 0 0/0', 'batch 0 0/0']);
});

test('another epoch that nobody gives yet is asked for again, and what was appended waits', async () => {
  const { clock, broker, unit, append, after } = await opened();
  broker.unanswered.add('EndTxn');
  unit.begin();
  append('a');
  await after(100, unit.commit(offsets));
  broker.failures.set('InitProducerId', unansweredTransaction('g/0', 'InitProducerId', 'no answer'));
  unit.begin();
  append('b');
  await clock.advance(1_000);
  expect(unit.failure).toBeUndefined();
  broker.failures.clear();
  expect(await after(2_000, unit.commit(offsets))).toBe('done');
  expect(broker.log.at(-4)).toBe('batch 0 1/0');
});

test('one that was fenced while its epoch was to be renewed is dead, and sends nothing', async () => {
  const { broker, unit, append, after } = await opened();
  broker.unanswered.add('EndTxn');
  unit.begin();
  append('a');
  await after(100, unit.commit(offsets));
  broker.log.length = 0;
  broker.failures.set('InitProducerId', refusedTransaction('g/0', 'PRODUCER_FENCED'));
  unit.begin();
  append('b');
  expect(await after(1_000, unit.commit(offsets))).toBe('COMMIT_REFUSED');
  expect(unit.failure).toMatchObject({ code: 'COMMIT_REFUSED' });
  expect(broker.log).toEqual(['InitProducerId']);
});

test.each(['AddPartitionsToTxn', 'AddOffsetsToTxn'])(
  'an id that the brokers have forgotten, as %s finds, fails the unit by name, and the next one begins anew',
  async request => {
    const { broker, unit, append, after } = await opened();
    broker.failures.set(request, refusedTransaction('g/0', 'INVALID_PRODUCER_ID_MAPPING'));
    unit.begin();
    if (request === 'AddPartitionsToTxn') append('a');
    const commit = unit.commit(offsets);
    const told = expect(commit).rejects.toMatchObject({
      message: expect.stringContaining('INVALID_PRODUCER_ID_MAPPING'),
    });
    expect(await after(1_000, commit)).toBe('COMMIT_FAILED');
    await told;
    // The coordinator knows of nothing that could be ended.
    expect(broker.log).toEqual([request]);
    expect(unit.failure).toBeUndefined();
    broker.failures.clear();
    broker.log.length = 0;
    unit.begin();
    append('b');
    expect(await after(1_000, unit.commit(offsets))).toBe('done');
    expect(broker.log).toEqual(['InitProducerId', 'AddPartitionsToTxn', 'batch 0 1/0', ...committing]);
    // As the owner that it was, or it would fence who has opened the id since.
    expect(broker.owners).toEqual(['-1/-1', '7/0']);
  },
);

test('an id that a leader has forgotten is aborted with what other leaders have of the unit', async () => {
  const { broker, unit, append, after } = await opened();
  broker.send = async () => [{ topic: 't', partition: 0, error: 'UNKNOWN_PRODUCER_ID' }];
  unit.begin();
  append('a');
  expect(await after(1_000, unit.commit(offsets))).toBe('COMMIT_FAILED');
  expect(broker.log).toEqual(['AddPartitionsToTxn', 'batch 0 0/0', 'EndTxn']);
  broker.send = acknowledged;
  unit.begin();
  append('b');
  expect(await after(1_000, unit.commit(offsets))).toBe('done');
  expect(broker.log.slice(3)).toEqual(['InitProducerId', 'AddPartitionsToTxn', 'batch 0 1/0', ...committing]);
});

test('a unit of a forgotten id can be aborted as any other', async () => {
  const { broker, unit, append, after } = await opened();
  broker.failures.set('AddPartitionsToTxn', refusedTransaction('g/0', 'INVALID_PRODUCER_ID_MAPPING'));
  unit.begin();
  append('a');
  expect(await after(1_000, unit.flush())).toBe('done');
  expect(await after(1_000, unit.abort())).toBe('done');
  broker.failures.clear();
  unit.begin();
  append('b');
  expect(await after(1_000, unit.commit(offsets))).toBe('done');
  expect(broker.log).toEqual([
    ...['AddPartitionsToTxn', 'InitProducerId', 'AddPartitionsToTxn', 'batch 0 1/0', ...committing],
  ]);
});

test.each([
  [59_000, 'COMMIT_REFUSED'],
  [60_000, 'TRANSACTION_TIMEOUT'],
])('fenced after it was open for %i ms it is told as %s', async (openMs, code) => {
  const { clock, broker, unit, append, after } = await opened();
  unit.begin();
  // What has not begun for the coordinator has no time that runs.
  await clock.advance(100_000);
  append('a');
  await clock.advance(openMs - 10);
  broker.failures.set('AddOffsetsToTxn', refusedTransaction('g/0', 'PRODUCER_FENCED'));
  await clock.advance(10);
  expect(await after(1_000, unit.commit(offsets))).toBe(code);
  expect(unit.failure).toMatchObject({ code });
});

test.each(['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED'])(
  'a leader’s %s ends it: nothing is sent again under another identity, nothing asked any more',
  async error => {
    const { broker, unit, append, after } = await opened();
    broker.send = async () => [{ topic: 't', partition: 0, error }];
    unit.begin();
    append('a');
    expect(await after(20_000, unit.commit(offsets))).toBe('COMMIT_REFUSED');
    expect(broker.log).toEqual(['AddPartitionsToTxn', 'batch 0 0/0']);
  },
);

test('a sequence that is lost ends it: nothing is sent again, and what is open of it is aborted', async () => {
  const { broker, unit, append, after } = await opened();
  broker.send = async () => [{ topic: 't', partition: 0, error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' }];
  unit.begin();
  append('a');
  expect(await after(20_000, unit.commit(offsets))).toBe('COMMIT_FAILED');
  expect(broker.log).toEqual(['AddPartitionsToTxn', 'batch 0 0/0', 'EndTxn']);
  expect(unit.failure).toMatchObject({ code: 'COMMIT_FAILED' });
});

test('one that may not write to a topic is dead, and holds no readers of the others up', async () => {
  const { broker, unit, append, after } = await opened();
  broker.failures.set('AddPartitionsToTxn', refusedTransaction('g/0', 'TOPIC_AUTHORIZATION_FAILED'));
  unit.begin();
  append('a');
  expect(await after(1_000, unit.commit(offsets))).toBe('DRIVER');
  expect(broker.log).toEqual(['AddPartitionsToTxn', 'EndTxn']);
});
