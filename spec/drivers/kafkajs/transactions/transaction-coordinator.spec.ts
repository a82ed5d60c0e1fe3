import type { Broker } from '../../../../lib/drivers/kafkajs/internals/broker.js';
import type { Cluster } from '../../../../lib/drivers/kafkajs/internals/cluster.js';
import type { QueuedRequest } from '../../../../lib/drivers/kafkajs/internals/network.js';
import { ByteWriter } from '../../../../lib/drivers/kafkajs/protocol/byte-writer.js';
import { endTxnRequest } from '../../../../lib/drivers/kafkajs/protocol/end-txn.js';
import { TransactionCoordinator } from '../../../../lib/drivers/kafkajs/transactions/transaction-coordinator.js';
import type { DriverEvent } from '../../../../lib/drivers/port.js';
import { silentLogger } from '../../../../lib/logging/logger.js';
import { ManualClock } from '../manual-clock.js';

/** Answers with these error codes, one after the other, and then with the last; `silent`: not at all. */
function setUp(answers: readonly (number | 'silent')[]) {
  const clock = new ManualClock();
  const events: DriverEvent[] = [];
  let asked = 0;
  let searches = 0;
  const push = ({ entry }: QueuedRequest): void => {
    const answer = answers[Math.min(asked++, answers.length - 1)];
    if (typeof answer !== 'number') return;
    entry.resolve({ payload: new ByteWriter().int32(0).int16(answer).buffer });
  };
  const connection = {
    clientId: 'test',
    authenticate: async () => {},
    failIfNotConnected: () => {},
    nextCorrelationId: () => 1,
    requestQueue: { push, maybeThrottle: () => {} },
  };
  // What a request touches, and nothing else of kafkajs's inside.
  const broker = { connectionPool: { getConnection: async () => connection } } as unknown as Broker;
  const cluster: Pick<Cluster, 'findGroupCoordinator'> = {
    findGroupCoordinator: async () => {
      searches++;
      return broker;
    },
  };
  const driver = {
    clientId: 'test',
    clock,
    logger: silentLogger,
    event: (event: DriverEvent) => void events.push(event),
  };
  const coordinator = new TransactionCoordinator(cluster, driver, 'g-0');
  const request = endTxnRequest('g-0', { id: 1n, epoch: 0 }, 'commit');
  const ended = coordinator.ask({ request, errorCodes: ({ errorCode }) => [errorCode] }).then(
    () => 'done',
    (error: { readonly code: string; readonly retriable: boolean }) => `${error.code} ${error.retriable}`,
  );
  return { clock, ended, events, asked: () => asked, searches: () => searches };
}

const notCoordinator = 16;
const loading = 14;
const concurrent = 51;

test('what passes is asked again, of the coordinator that is one by then', async () => {
  const { clock, ended, events, asked, searches } = setUp([notCoordinator, concurrent, loading, 0]);
  await clock.advance(5_000);
  expect([await ended, asked(), searches(), events.length]).toEqual(['done', 4, 3, 2]);
});

test('one that does not answer is given up and looked for again', async () => {
  const { clock, ended, searches } = setUp(['silent', 0]);
  await clock.advance(10_000);
  expect([await ended, searches()]).toEqual(['done', 2]);
});

test.each([notCoordinator, concurrent, 'silent'] as const)('%s for ever ends within 30 s', async answer => {
  const { clock, ended } = setUp([answer]);
  await clock.advance(30_000);
  expect(await ended).toBe('COMMIT_FAILED true');
});

test.each([
  ['INVALID_PRODUCER_EPOCH', 47, 'COMMIT_REFUSED false'],
  ['PRODUCER_FENCED', 90, 'COMMIT_REFUSED false'],
  ['ILLEGAL_GENERATION', 22, 'COMMIT_REFUSED false'],
  ['INVALID_TXN_STATE', 48, 'COMMIT_FAILED false'],
  ['TRANSACTIONAL_ID_AUTHORIZATION_FAILED', 53, 'DRIVER false'],
] as const)('%s is final at once', async (_, code, outcome) => {
  const { clock, ended, asked } = setUp([code]);
  await clock.advance(1);
  expect([await ended, asked()]).toEqual([outcome, 1]);
});
