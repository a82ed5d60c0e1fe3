import type { Broker } from '../../../../lib/drivers/kafkajs/internals/broker.js';
import type { Cluster } from '../../../../lib/drivers/kafkajs/internals/cluster.js';
import type { QueuedRequest } from '../../../../lib/drivers/kafkajs/internals/network.js';
import { ByteWriter } from '../../../../lib/drivers/kafkajs/protocol/byte-writer.js';
import { endTxnRequest } from '../../../../lib/drivers/kafkajs/protocol/end-txn.js';
import { TransactionCoordinator } from '../../../../lib/drivers/kafkajs/transactions/transaction-coordinator.js';
import type { DriverEvent } from '../../../../lib/drivers/port.js';
import { silentLogger } from '../../../../lib/logging/logger.js';
import { ManualClock } from '../manual-clock.js';

const [notAttempted, unknownTopic] = [55, 3];
/** Stands for an answer of two parts: the second, which fails, is why the first was not attempted. */
const mixed = 1_000;

/** Answers with these error codes, one after the other, and then with the last; `silent`: not at all. */
function setUp(
  answers: readonly (number | 'silent')[],
  timeoutMs = 60_000,
  /** Before the coordinator is found, the first time. */
  finding: () => Promise<void> = async () => {},
) {
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
      if (searches++ === 0) await finding();
      return broker;
    },
  };
  const driver = {
    clientId: 'test',
    clock,
    logger: silentLogger,
    event: (event: DriverEvent) => void events.push(event),
  };
  const coordinator = new TransactionCoordinator(cluster, driver, 'g/0', timeoutMs);
  const request = endTxnRequest('g/0', { id: 1n, epoch: 0 }, 'commit');
  let uncertainAttempts = 0;
  const uncertain = (): void => {
    uncertainAttempts++;
  };
  const errorCodes = ({ errorCode }: { readonly errorCode: number }): readonly number[] =>
    errorCode === mixed ? [notAttempted, unknownTopic] : [errorCode];
  const ended = coordinator.ask({ request, errorCodes, uncertain }).then(
    () => 'done',
    (error: { readonly code: string; readonly retriable: boolean }) => `${error.code} ${error.retriable}`,
  );
  return {
    clock,
    ended,
    events,
    asked: () => asked,
    searches: () => searches,
    uncertain: () => uncertainAttempts,
  };
}

const notCoordinator = 16;
const loading = 14;
const concurrent = 51;

test('what passes is asked again, of the coordinator that is one by then', async () => {
  const { clock, ended, events, asked, searches } = setUp([notCoordinator, concurrent, loading, 0]);
  await clock.advance(5_000);
  expect([await ended, asked(), searches()]).toEqual(['done', 4, 3]);
  expect(events.map(({ type }) => type)).toEqual(['retrying', 'retrying', 'retried']);
});

test('one that waits for the one before alone is no retry, and none that has succeeded', async () => {
  const { clock, ended, events } = setUp([concurrent, concurrent, 0]);
  await clock.advance(5_000);
  expect([await ended, events]).toEqual(['done', []]);
});

test('one that does not answer is given up and looked for again', async () => {
  const { clock, ended, searches, uncertain } = setUp(['silent', 0]);
  await clock.advance(10_000);
  expect([await ended, searches(), uncertain()]).toEqual(['done', 2, 1]);
});

test.each([
  ['CONCURRENT_TRANSACTIONS', 51, 0],
  ['COORDINATOR_LOAD_IN_PROGRESS', 14, 0],
  // Its followers did not confirm in time, or it ceased to be the coordinator: it may stand in the log.
  ['COORDINATOR_NOT_AVAILABLE', 15, 1],
  ['NOT_COORDINATOR', 16, 1],
  ['REQUEST_TIMED_OUT', 7, 1],
])('after %s (%i) an attempt may have been done: %i', async (_, code, attempts) => {
  const { clock, ended, uncertain } = setUp([code, 0]);
  await clock.advance(5_000);
  expect([await ended, uncertain()]).toEqual(['done', attempts]);
});

test('where no coordinator was found nothing was sent, and nothing is uncertain', async () => {
  const { clock, ended, uncertain } = setUp([0], 60_000, () => Promise.reject(new Error('no broker')));
  await clock.advance(5_000);
  expect([await ended, uncertain()]).toEqual(['done', 0]);
});

test('a coordinator that is found when the question was asked again is not asked behind it', async () => {
  let found = (): void => {};
  const late = new Promise<void>(resolve => {
    found = resolve;
  });
  const { clock, ended, asked, uncertain } = setUp([0], 60_000, () => late);
  await clock.advance(10_000);
  expect([await ended, asked()]).toEqual(['done', 1]);
  found();
  await clock.advance(1_000);
  expect([asked(), uncertain()]).toEqual([1, 0]);
});

test.each([
  [20_000, 10_000],
  [1_000, 5_000],
])('of a transaction of %i ms a question ends within %i ms', async (timeoutMs, endsMs) => {
  const { clock, ended } = setUp([loading], timeoutMs);
  await clock.advance(endsMs);
  expect(await ended).toBe('COMMIT_FAILED true');
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
  ['INVALID_PRODUCER_ID_MAPPING', 49, 'COMMIT_FAILED false'],
  ['INVALID_TRANSACTION_TIMEOUT', 50, 'CONFIGURATION false'],
  ['INVALID_TXN_STATE', 48, 'COMMIT_FAILED false'],
  ['TRANSACTIONAL_ID_AUTHORIZATION_FAILED', 53, 'DRIVER false'],
] as const)('%s is final at once', async (_, code, outcome) => {
  const { clock, ended, asked } = setUp([code]);
  await clock.advance(1);
  expect([await ended, asked()]).toEqual([outcome, 1]);
});

test('a topic that there is not for 3 s is told, and is not waited for any longer', async () => {
  const unknownTopic = 3;
  const { clock, ended, asked } = setUp([unknownTopic]);
  await clock.advance(5_000);
  expect([await ended, asked() > 3]).toEqual(['MISSING_TOPIC false', true]);
  const passing = setUp([unknownTopic, unknownTopic, 0]);
  await passing.clock.advance(5_000);
  expect(await passing.ended).toBe('done');
});

test('what was not attempted was not because of another part: a topic that is gone is told within seconds', async () => {
  const { clock, ended, events } = setUp([mixed]);
  await clock.advance(5_000);
  expect(await ended).toBe('MISSING_TOPIC false');
  expect(events[0]).toMatchObject({ type: 'retrying', reason: 'UNKNOWN_TOPIC_OR_PARTITION' });
});
