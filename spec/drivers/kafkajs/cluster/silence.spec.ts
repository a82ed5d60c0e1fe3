/** What the driver says about kafkajs's errors and log: where and which kind, never what a record held. */
import { logLevel } from 'kafkajs';
import { logBridge } from '../../../../lib/drivers/kafkajs/cluster/log-bridge.js';
import { commitError, fatalErrorOf, kindOf, passingError } from '../../../../lib/drivers/kafkajs/errors.js';
import { settingsOf } from '../../../../lib/drivers/kafkajs/options.js';

const card = '4111111111111111';

/** As kafkajs makes them: a retrier that gave up around the error of a broker. */
function kafkajsError(type: string | undefined, name = 'KafkaJSProtocolError'): Error {
  const cause = Object.assign(new Error(`about ${card}`), { type, name });
  return Object.assign(new Error(`about ${card}`, { cause }), { name: 'KafkaJSNumberOfRetriesExceeded' });
}

test('an error is told by its type, and its message is not quoted', () => {
  const error = kafkajsError('NOT_COORDINATOR_FOR_GROUP');
  expect(kindOf(error)).toBe('NOT_COORDINATOR_FOR_GROUP');
  expect(kindOf(kafkajsError(undefined, 'KafkaJSConnectionError'))).toBe('KafkaJSConnectionError');
  const all = [
    commitError(error),
    passingError('DRIVER', 'What', error),
    fatalErrorOf(kafkajsError('GROUP_AUTHORIZATION_FAILED')),
    fatalErrorOf(kafkajsError(undefined, 'TypeError')),
  ];
  for (const one of all) expect(one?.message).not.toContain(card);
});

test('only what no waiting mends is fatal', () => {
  for (const type of [
    'GROUP_AUTHORIZATION_FAILED',
    'INCONSISTENT_GROUP_PROTOCOL',
    'SASL_AUTHENTICATION_FAILED',
  ]) {
    expect(fatalErrorOf(kafkajsError(type))).toMatchObject({ code: 'DRIVER', retriable: false });
  }
  for (const name of ['KafkaJSSASLAuthenticationError', 'TypeError']) {
    expect(fatalErrorOf(kafkajsError(undefined, name))).toMatchObject({ code: 'DRIVER' });
  }
  for (const type of ['REBALANCE_IN_PROGRESS', 'GROUP_COORDINATOR_NOT_AVAILABLE', 'LEADER_NOT_AVAILABLE']) {
    expect(fatalErrorOf(kafkajsError(type))).toBeUndefined();
  }
  for (const name of [
    'KafkaJSConnectionError',
    'KafkaJSNoBrokerAvailableError',
    'KafkaJSGroupCoordinatorNotFound',
  ]) {
    expect(fatalErrorOf(kafkajsError(undefined, name))).toBeUndefined();
  }
});

test('a commit that the group fenced is refused; one that a broker could not take may be tried again', () => {
  for (const type of ['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION']) {
    expect(commitError(kafkajsError(type))).toMatchObject({ code: 'COMMIT_REFUSED', retriable: false });
  }
  expect(commitError(kafkajsError('GROUP_LOAD_IN_PROGRESS'))).toMatchObject({
    code: 'COMMIT_FAILED',
    retriable: true,
  });
  expect(commitError(kafkajsError('TOPIC_AUTHORIZATION_FAILED'))).toMatchObject({
    code: 'COMMIT_FAILED',
    retriable: false,
  });
});

test('of a log entry the namespace, the broker and the constant part of the message are kept', () => {
  const lines: string[] = [];
  const line = (level: string) => (fields: object, message: string) =>
    void lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  const log = logBridge({
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
  })(logLevel.INFO);
  const entry = (level: number, message: string) =>
    log({
      namespace: 'Connection',
      level,
      label: '',
      log: { timestamp: '', message, broker: 'localhost:9092', stack: card, payload: Buffer.from(card) },
    });
  entry(logLevel.ERROR, `Invalid message without value for topic "t": {"key":"${card}"}`);
  entry(logLevel.INFO, 'Consumer has joined the group');
  expect(lines).toEqual([
    'warn Invalid message without value for topic "t" {"driver":"kafkajs","namespace":"Connection","broker":"localhost:9092"}',
    'debug Consumer has joined the group {"driver":"kafkajs","namespace":"Connection","broker":"localhost:9092"}',
  ]);
});

test('options that cannot be meant are refused where they are written', () => {
  for (const brokers of [[], ['localhost'], ['localhost:0'], ['[::1]:9092'], ['localhost:99999']]) {
    expect(() => settingsOf({ brokers })).toThrow(expect.objectContaining({ code: 'CONFIGURATION' }));
  }
  for (const value of [0, -1, 1.5, Number.NaN]) {
    expect(() => settingsOf({ brokers: ['localhost:9092'], maxWaitMs: value })).toThrow(/maxWaitMs/);
  }
  expect(settingsOf({ brokers: ['localhost:9092'] })).toMatchObject({
    offsetReset: 'earliest',
    maxWaitMs: 500,
  });
});
