/** Things thrown that fight back when the driver looks at them: it goes on, or fails with an error of ours, as with any other. */

import { isKafkaRxError, KafkaRxError } from 'kafka-rx';
import { CompressionCodecs } from 'kafkajs';
import { decompress } from '../../../lib/drivers/kafkajs/compression/batch-compression.js';
import { Assignment } from '../../../lib/drivers/kafkajs/consumer/assignment.js';
import { tapGroupProtocol } from '../../../lib/drivers/kafkajs/consumer/group-protocol-tap.js';
import { OffsetCommitter } from '../../../lib/drivers/kafkajs/consumer/offset-committer.js';
import {
  brokerOf,
  commitError,
  fatalErrorOf,
  groupActive,
  kindOf,
  passingError,
  typeOf,
} from '../../../lib/drivers/kafkajs/errors.js';
import { type Broker, sendBy } from '../../../lib/drivers/kafkajs/internals/broker.js';
import { isNotImplemented } from '../../../lib/drivers/kafkajs/internals/codecs.js';
import { isUnknownKafkajs, unknownKafkajs } from '../../../lib/drivers/kafkajs/internals/unknown-kafkajs.js';
import { readSecret } from '../../../lib/drivers/kafkajs/security/secret.js';
import { failedTransaction } from '../../../lib/drivers/kafkajs/transactions/transaction-errors.js';
import { strangers } from '../../errors/strangers.js';
import { quietContext } from '../quiet-context.js';
import { ManualClock } from './manual-clock.js';
import { mendedConnection } from './mended-connection.js';

const driver = quietContext('test', new ManualClock());
/** In a box: a promise would ask what it is resolved with for a `then`. */
const rejection = (promise: Promise<unknown>): Promise<{ readonly error: unknown }> =>
  promise.then(
    () => {
      throw new Error('it resolved');
    },
    (error: unknown) => ({ error }),
  );

/** By a function of the user's. */
const authenticating = async (give: () => Promise<unknown>): Promise<{ readonly error: unknown }> =>
  rejection((await mendedConnection(async () => {}, give)).authenticate());

describe('what the driver says of a thing thrown never throws:', () => {
  test.each(strangers)('%s', async (_, make) => {
    const beneath = (): Error => Object.assign(new Error('wrapped'), { cause: make() });
    for (const thrown of [make(), beneath(), Object.freeze(beneath()), { errors: [make()] }]) {
      expect(typeof kindOf(thrown)).toBe('string');
      expect(['string', 'undefined']).toContain(typeof typeOf(thrown));
      expect(['string', 'undefined']).toContain(typeof brokerOf(thrown));
      const fatal = fatalErrorOf(thrown);
      expect(fatal === undefined || isKafkaRxError(fatal)).toBe(true);
      expect(isKafkaRxError(commitError(thrown))).toBe(true);
      expect(isKafkaRxError(passingError('DRIVER', 'x', thrown))).toBe(true);
      expect(isKafkaRxError(failedTransaction('id', thrown))).toBe(true);
      expect(groupActive('g', thrown)).toBeUndefined();
      expect(isUnknownKafkajs(thrown)).toBe(false);
      expect(isNotImplemented(thrown)).toBe(false);
    }
  });
});

describe('as it was thrown', () => {
  test.each(strangers)('comes out of a request: %s', async (_, make) => {
    const thrown = make();
    // Nothing else of the broker is asked for.
    const broker = { disconnect: async () => {} } as unknown as Broker;
    const { error } = await rejection(sendBy(broker, () => Promise.reject(thrown)));
    expect(Object.is(error, thrown)).toBe(true);
  });

  test.each(strangers)('comes through the group protocol: %s', async (_, make) => {
    const thrown = make();
    const refused = () => Promise.reject(thrown);
    const broker = {
      ...{ connectionPool: { send: refused }, joinGroup: refused, syncGroup: refused, heartbeat: refused },
      ...{ leaveGroup: refused, fetch: refused },
    } as unknown as Broker;
    tapGroupProtocol(broker, driver.clock, () => undefined, { asking: () => {}, named: () => {} } as never);
    const request = { request: { apiKey: 11 } } as never;
    const { error } = await rejection(broker.connectionPool.send(request));
    expect(Object.is(error, thrown)).toBe(true);
  });
});

describe('a commit that fails with it is a failed commit', () => {
  test.each(strangers)('%s', async (_, make) => {
    const assignment = new Assignment();
    const [assigned] = assignment.replace([{ topic: 't', partition: 0 }]);
    if (assigned === undefined) throw new Error('nothing was assigned');
    const failed: unknown[] = [];
    const committer = new OffsetCommitter({
      driver,
      assignment,
      queries: { topics: async () => [] },
      open: async () => ({ send: () => Promise.reject(make()), failed: error => failed.push(error) }),
    });
    const { error } = await rejection(committer.commit([{ ...assigned, offset: 1 }]));
    expect(isKafkaRxError(error)).toBe(true);
    expect(failed.length + (isKafkaRxError(error, 'COMMIT_FAILED') ? 0 : 1)).toBe(1);
  });
});

describe('a codec of the user that throws it makes the batch one that cannot be read', () => {
  const at = { topic: 't', partition: 0, offset: 7 };
  // Kafka's number of no codec of ours, in the registry as a user puts it there.
  const codecs = CompressionCodecs as Record<number, unknown>;
  afterEach(() => {
    delete codecs[99];
  });

  test.each(strangers)('when it decompresses: %s', async (_, make) => {
    codecs[99] = () => ({ compress: () => Promise.reject(make()), decompress: () => Promise.reject(make()) });
    const { error } = await rejection(decompress(99, Buffer.from('x'), 10, at));
    expect(error).toMatchObject({ code: 'DRIVER', at });
  });

  test.each(strangers)('when it is made: %s', async (_, make) => {
    codecs[99] = () => {
      throw make();
    };
    const { error } = await rejection(decompress(99, Buffer.from('x'), 10, at));
    expect(error).toMatchObject({ code: 'DRIVER', at });
  });
});

describe('authenticating with what throws it', () => {
  test.each(strangers)('says at which broker, and hands kafkajs what it can look at: %s', async (_, make) => {
    const thrown = make();
    const { error } = await authenticating(() => Promise.reject(thrown));
    // As kafkajs does (src/retry/index.js).
    const { name, retriable, message, stack } = error as Error & { retriable: unknown };
    expect([typeof name, typeof retriable, typeof message, typeof stack]).toEqual([
      ...['string', 'boolean', 'string', 'string'],
    ]);
    expect(brokerOf(error)).toBe('kafka:9093');
    expect(Object.is((error as { thrown: unknown }).thrown, thrown)).toBe(true);
  });

  test('a secret that cannot be read is told as it is', async () => {
    const secret = new KafkaRxError('CONFIGURATION', 'no secret', { cause: new Error('ENOENT') });
    const { error } = await authenticating(() => Promise.reject(secret));
    expect(fatalErrorOf(error)).toBe(secret);
  });

  test('a defect of the function that gives tokens is put to that function', async () => {
    const { error } = await authenticating(async () => (undefined as never as { value: string }).value);
    expect(fatalErrorOf(error)).toMatchObject({
      code: 'DRIVER',
      message: expect.stringContaining('Authenticating at kafka:9093 threw TypeError'),
    });
  });
});

describe('an error of ours is known as ours when another copy of the library made it:', () => {
  let Other = KafkaRxError;
  beforeAll(() => {
    jest.isolateModules(() => {
      ({ KafkaRxError: Other } = jest.requireActual('../../../lib/errors/errors.js'));
    });
  });

  test('it is another class', () => {
    expect(new Other('STORE', 'x')).not.toBeInstanceOf(KafkaRxError);
  });

  test('and fatal, unless it may pass', () => {
    const fatal = new Other('COMMIT_REFUSED', 'x');
    expect(fatalErrorOf(fatal)).toBe(fatal);
    expect(fatalErrorOf(Object.assign(new Error('kafkajs'), { cause: fatal }))).toBe(fatal);
    expect(fatalErrorOf(new Other('UNREACHABLE', 'x', { retriable: true }))).toBeUndefined();
  });

  test('and the way to the stock path', () => {
    const { message } = unknownKafkajs('Broker');
    expect(isUnknownKafkajs(new Other('CONFIGURATION', message))).toBe(true);
  });
});

describe('a secret that is nothing of the kind is refused by its option', () => {
  const texts = strangers.filter(([, make]) => typeof make() !== 'string' && typeof make() !== 'function');
  test.each(texts)('%s', (_, make) => {
    let thrown: unknown;
    try {
      readSecret('sasl.password', make() as never);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringContaining('sasl.password'),
    });
  });
});
