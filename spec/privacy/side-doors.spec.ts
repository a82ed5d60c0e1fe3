import { format, inspect } from 'node:util';
import * as t from 'io-ts';
import { PathReporter } from 'io-ts/lib/PathReporter.js';
import { type App, json, type KafkaRecord, KafkaRxError, type Logger, memoryStore, string } from 'kafka-rx';
import { batch, mapAsync, mapValue, mask, tokenize } from 'kafka-rx/operators';
import { deliver, testApp, testRecord } from 'kafka-rx/testing';
import { KafkaJSNonRetriableError, KafkaJSNumberOfRetriesExceeded, logLevel } from 'kafkajs';
import { of, share } from 'rxjs';
import { logBridge } from '../../lib/drivers/kafkajs/cluster/log-bridge.js';
import { fatalErrorOf, kindOf, passingError } from '../../lib/drivers/kafkajs/errors.js';
import { deliveriesOf } from '../../lib/flow/leases/delivery.js';
import { redactingLogger } from '../../lib/logging/redacting-logger.js';

const card = '4111111111111111';
const shown = /4111[ -]?1111|34 ?31 ?31 ?31 ?31 ?31/;

/** Every way in which something is printed by people who do not think of it. */
function prints(thing: unknown): readonly string[] {
  const deep = { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true };
  return [
    inspect(thing),
    inspect(thing, deep),
    inspect({ in: [thing] }, deep),
    format('%s %o %j', thing, thing, thing),
    JSON.stringify({ thing }) ?? '',
    String(thing),
    ...serialized(thing),
  ];
}

/** As pino's serializer of errors walks them: messages, stacks and enumerable fields, through causes and aggregates. */
function serialized(thing: unknown): readonly string[] {
  if (!(thing instanceof Error)) return [];
  const fields: string[] = [];
  for (const key in thing) fields.push(inspect(thing[key as keyof Error]));
  const { errors } = thing as { errors?: unknown };
  return [
    `${thing.name} ${thing.message} ${thing.stack}`,
    ...fields,
    ...serialized(thing.cause),
    ...(Array.isArray(errors) ? errors.flatMap(serialized) : []),
  ];
}

function expectSilent(...things: readonly unknown[]): void {
  for (const thing of things) for (const text of prints(thing)) expect(text).not.toMatch(shown);
}

function thrownBy(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}

const named = Object.assign(new Error('m'), { name: `Bad${card}`, code: `E${card}`, card });
const changed = new Error(`first ${card}`);
changed.message = 'changed later';
const circle = new Error(card);
circle.cause = circle;
const hostile = {
  get message(): string {
    throw new Error(card);
  },
  get name(): string {
    throw new Error(card);
  },
};

const foreign: readonly (readonly [string, unknown])[] = [
  ['JSON.parse', thrownBy(() => JSON.parse(`{"card":${card}x`))],
  ['JSON.parse of a short text', thrownBy(() => JSON.parse(`${card}"`))],
  ['a message', new Error(`the card ${card} is bad`)],
  [
    'a message with lines like frames',
    new Error(`bad\n    at ${card} (file.js:1:1)\n    at card (${card}:1:1)`),
  ],
  ['a name, a code and a field', named],
  ['a message changed later', changed],
  ['a cause', new Error('outer', { cause: new TypeError(`inner ${card}`) })],
  ['an aggregate', new AggregateError([new Error(card), card, { card }], `all of ${card}`)],
  ['a circle', circle],
  ['a string', card],
  ['an object', { card, message: card }],
  ['getters that throw', hostile],
  ['a validator', new Error(PathReporter.report(t.strict({ n: t.number }).decode({ n: card })).join())],
  ['kafkajs', new KafkaJSNonRetriableError(`Invalid message without value for topic "t": {"key":"${card}"}`)],
  [
    'kafkajs, retried',
    new KafkaJSNumberOfRetriesExceeded(new Error(`at last ${card}`), { retryCount: 1, retryTime: 1 }),
  ],
];

describe('an error shows no value', () => {
  test.each(foreign)('beneath it: %s', (_, cause) => {
    const error = new KafkaRxError('PROCESS', 'It failed', { cause });
    expectSilent(
      error,
      new KafkaRxError('STORE', 'So did this', { cause: error }),
      new AggregateError([error]),
    );
    expect(error.original()).toBe(cause);
    expect(error.cause).toBeInstanceOf(Error);
  });

  test.each(foreign)('of a function of the user: %s', async (_, cause) => {
    const fail = (): never => {
      throw cause;
    };
    const record = of(testRecord({ value: card }));
    for (const operator of [
      mapValue(fail),
      mapAsync(fail),
      mapAsync(() => Promise.reject(cause)),
      batch(fail),
    ]) {
      const { records$, failures } = deliver(record);
      records$.pipe(operator as never).subscribe();
      await new Promise(resolve => setImmediate(resolve));
      if (failures.length > 0) expectSilent(...failures);
    }
    const { records$, failures } = deliver(record);
    records$.pipe(mapValue(fail)).subscribe();
    expect(failures).toMatchObject([{ code: 'PROCESS' }]);
  });

  test.each(foreign.filter(([, cause]) => cause !== hostile))('of the client: %s', (_, cause) => {
    expectSilent(passingError('UNREACHABLE', 'Kafka is away', cause), fatalErrorOf(cause), kindOf(cause));
  });

  test('also not in lines of a message that look like frames', () => {
    const cause = new Error('bad\n    at Ann Example (sales.js:1:1)');
    const error = new KafkaRxError('PROCESS', 'It failed', { cause });
    for (const text of prints(error)) expect(text).not.toContain('Ann Example');
  });

  test('in a message that a user put together', () => {
    expectSilent(new KafkaRxError('PROCESS', `The card ${card} is bad`, { remedy: `Look at ${card}` }));
  });

  test('and still says what was thrown, and where', () => {
    const cause = new RangeError(card);
    const error = new KafkaRxError('PROCESS', 'It failed', { cause });
    expect(inspect(error)).toMatch(/\[cause\]: .*RangeError.*: the message is withheld/);
    expect(inspect(error)).toMatch(/RangeError[\s\S]*at .*side-doors\.spec\.ts:\d+:\d+/);
    expect(error.cause).toMatchObject({ name: 'RangeError' });
    const type = Object.assign(new Error(card), { type: 'NOT_LEADER_FOR_PARTITION', retriable: true });
    expect(kindOf(new KafkaRxError('PRODUCE', 'It failed', { cause: type }))).toBe(
      'NOT_LEADER_FOR_PARTITION',
    );
  });
});

describe('what holds a record shows where it came from', () => {
  const headers = [{ key: card, value: Buffer.from(card) }];

  test('a record, and what operators made of it', () => {
    const record = testRecord({
      key: card,
      value: { card },
      headers,
      topic: 'sales',
      partition: 2,
      offset: 7,
    });
    const made = [record, record.withValue(card), record.withKey(card), record.withHeaders(headers)];
    for (const one of made) {
      expectSilent(one);
      expect(JSON.parse(JSON.stringify(one))).toEqual({ topic: 'sales', partition: 2, offset: 7 });
      expect(inspect(one)).toBe('KafkaRecord(topic sales, partition 2, offset 7)');
      expect(`${one}`).toBe('KafkaRecord(topic sales, partition 2, offset 7)');
    }
    expect(record.value).toEqual({ card });
  });

  test('the app, its records’ deliveries, its broker and stores, while they are at work', async () => {
    const Sale = t.strict({ card: t.string });
    const store = memoryStore<{ card: string }>('history');
    const seen: KafkaRecord<unknown, unknown>[] = [];
    let app: App | undefined;
    const tested = await testApp(wired => {
      app = wired;
      wired
        .topic('in', { key: string, value: json(Sale) })
        .pipe(
          mapAsync(async (value, record) => {
            seen.push(record);
            return value;
          }),
        )
        .subscribe(wired.store(store));
    });
    tested.pipeIn('in', [{ key: card, value: { card }, headers }]);
    await tested.idle();
    expect(seen).toHaveLength(1);
    expectSilent(app, ...seen, ...seen.map(record => record[deliveriesOf]), tested.broker, store, tested);
    await tested.stop();
  });
});

describe('what an app says of itself', () => {
  const record = (lines: unknown[]): Logger => {
    const line = (...said: unknown[]): void => void lines.push(said);
    return { debug: line, info: line, warn: line, error: line };
  };

  test.each(['fail', 'skip', 'dead-letter'] as const)(
    'log lines, metrics, events and the console have no card number, when it fails with %s',
    async policy => {
      const printed: unknown[] = [];
      const spies = [
        ...(['log', 'info', 'warn', 'error', 'debug'] as const).map(method =>
          jest.spyOn(console, method).mockImplementation((...said) => void printed.push(said)),
        ),
        ...[process.stdout, process.stderr].map(stream =>
          jest.spyOn(stream, 'write').mockImplementation(text => printed.push(text) > 0),
        ),
      ];
      const lines: unknown[] = [];
      try {
        const Sale = t.strict({ card: t.string });
        const tested = await testApp(
          app => {
            const sales = app.topic('in', { key: string, value: json(Sale) }).pipe(share());
            sales.pipe(mask('card')).subscribe(app.to('masked', { value: json(Sale) }));
            sales
              .pipe(tokenize('card', { key: Buffer.alloc(32, 1) }))
              .subscribe(app.to('tokens', { value: json(Sale) }));
            sales
              .pipe(
                mapValue(({ card: one }): { card: string } => {
                  throw new Error(`no good: ${one}`);
                }),
              )
              .subscribe(app.to('never', { value: json(Sale) }));
          },
          {
            logger: record(lines),
            policies: { process: policy, decode: policy },
            deadLetters: { topic: 'dead' },
          },
        );
        tested.app.events$.subscribe(event => lines.push(event));
        for (const value of [{ card }, `${card}"`]) {
          thrownBy(() =>
            tested.pipeIn('in', [{ key: card, value, headers: [{ key: card, value: Buffer.from(card) }] }]),
          );
        }
        await tested.idle();
        lines.push(...tested.broker.records('dead').map(({ value }) => String(value)));
        await tested.stop().catch(error => lines.push(error));
        const samples = [...tested.metrics.snapshot().values()].flat();
        expect(samples.some(({ labels }) => Object.keys(labels).length > 0)).toBe(true);
        lines.push(...samples);
      } finally {
        for (const spy of spies) spy.mockRestore();
      }
      expect(printed).toEqual([]);
      expect(lines.length).toBeGreaterThan(0);
      expectSilent(...lines);
    },
  );

  test('a card number that comes into a log line all the same is masked there', () => {
    const lines: unknown[] = [];
    const logger = redactingLogger(record(lines));
    logger.warn({ topic: `t-${card}`, offset: 12, count: Number(card), none: null }, `the topic t-${card}`);
    expect(lines).toEqual([
      [
        { topic: 't-xxxxxxxxxxxx1111', offset: 12, count: 'xxxxxxxxxxxx1111', none: null },
        'the topic t-xxxxxxxxxxxx1111',
      ],
    ]);
  });

  test('and in those of kafkajs', () => {
    const lines: unknown[] = [];
    const creator = logBridge(redactingLogger(record(lines)));
    const log = creator(logLevel.DEBUG);
    for (const level of [logLevel.ERROR, logLevel.WARN, logLevel.INFO, logLevel.DEBUG]) {
      log({
        namespace: `Producer ${card}`,
        level,
        label: card,
        log: {
          timestamp: '',
          message: `Invalid ${card}: "${card}"`,
          broker: `b-${card}:9092`,
          stack: card,
          key: card,
        },
      });
    }
    expect(lines).toHaveLength(4);
    expectSilent(...lines);
  });
});
