import type { Throttled } from '../../../../lib/drivers/kafkajs/protocol/protocol-request.js';
import { KafkaTransaction } from '../../../../lib/drivers/kafkajs/transactions/kafka-transaction.js';
import { type Leadership, LeftOpen } from '../../../../lib/drivers/kafkajs/transactions/left-open.js';
import type { Question } from '../../../../lib/drivers/kafkajs/transactions/transaction-coordinator.js';
import {
  refusedTransaction,
  unansweredTransaction,
} from '../../../../lib/drivers/kafkajs/transactions/transaction-errors.js';
import { ManualClock } from '../manual-clock.js';

/** A coordinator of one id, which can be opened again and again; its partitions are led as it is told. */
class Id {
  readonly log: string[] = [];
  readonly transactionalId = 'g/0';
  readonly leftOpen = new LeftOpen();
  led: Leadership = 'led';
  /** Of the next EndTxn. */
  failure: Error | undefined;
  hasUnansweredAttempt = false;

  open(): Promise<KafkaTransaction> {
    const { leftOpen } = this;
    const time = { clock: new ManualClock(), timeoutMs: 60_000 };
    return KafkaTransaction.open(this, time, {
      leftOpen,
      leadership: async of => of.map(() => this.led),
    });
  }

  async ask<T extends Throttled>({ request, uncertain }: Question<T>): Promise<T> {
    this.log.push(request.apiName);
    if (request.apiName === 'EndTxn') {
      if (this.hasUnansweredAttempt) uncertain?.();
      const { failure } = this;
      this.failure = undefined;
      if (failure !== undefined) throw failure;
    }
    const identity = { id: 7n, epoch: 0, transactional: true };
    return { clientSideThrottleTime: 0, errorCode: 0, results: [], identity } as Throttled as T;
  }
}

/** An id whose transaction with a record in it ended as the coordinator was told to end it, or not. */
async function after(how: (id: Id) => void, outcome: 'commit' | 'abort' = 'commit'): Promise<Id> {
  const id = new Id();
  const transaction = await id.open();
  transaction.begin();
  await transaction.add([{ topic: 't', partition: 1 }]);
  how(id);
  await transaction.end(outcome).catch(() => {});
  id.log.length = 0;
  return id;
}

const overdue = (id: Id): void => {
  id.failure = refusedTransaction('g/0', 'PRODUCER_FENCED');
};
const settled = ['InitProducerId', 'AddPartitionsToTxn', 'EndTxn'];

test.each(['commit', 'abort'] as const)(
  'a transaction whose %s came too late is aborted once more where it had written, before the id is used',
  async outcome => {
    const id = await after(overdue, outcome);
    await id.open();
    expect(id.log).toEqual(settled);
    // Once is enough.
    await id.open();
    expect(id.log).toEqual([...settled, 'InitProducerId']);
  },
);

test.each(['commit', 'abort'] as const)('one whose %s was confirmed left nothing open', async outcome => {
  const id = await after(() => {}, outcome);
  await id.open();
  expect(id.log).toEqual(['InitProducerId']);
});

test('one that may have been committed is not aborted: its offsets count', async () => {
  const id = await after(made => {
    made.hasUnansweredAttempt = true;
    made.failure = unansweredTransaction('g/0', 'EndTxn', 'no answer');
  });
  id.hasUnansweredAttempt = false;
  await id.open();
  expect(id.log).toEqual(['InitProducerId']);
});

test('the id cannot be had before the partitions have leaders: no marker would reach them', async () => {
  const id = await after(overdue);
  id.led = 'leaderless';
  await expect(id.open()).rejects.toMatchObject({
    message: expect.stringContaining('t[1] has no leader'),
    retriable: true,
  });
  expect(id.log).toEqual(['InitProducerId']);
  id.led = 'led';
  await id.open();
  expect(id.log).toEqual(['InitProducerId', ...settled]);
});

test('of a topic that is gone nothing is left open', async () => {
  const id = await after(overdue);
  id.led = 'gone';
  await id.open();
  expect(id.log).toEqual(['InitProducerId']);
});

test('what could not be aborted is tried again when the id is opened again', async () => {
  const id = await after(overdue);
  id.failure = unansweredTransaction('g/0', 'EndTxn', 'no answer');
  await expect(id.open()).rejects.toMatchObject({ retriable: true });
  id.log.length = 0;
  await id.open();
  expect(id.log).toEqual(settled);
});
