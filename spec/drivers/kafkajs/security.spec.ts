import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { fatalErrorOf } from '../../../lib/drivers/kafkajs/errors.js';
import { kafkajs, type Secret } from '../../../lib/drivers/kafkajs/index.js';
import { settingsOf } from '../../../lib/drivers/kafkajs/options.js';
import { readSecret } from '../../../lib/drivers/kafkajs/security/secret.js';
import { tlsOptions } from '../../../lib/drivers/kafkajs/security/tls.js';
import type { DriverContext } from '../../../lib/drivers/port.js';
import type { KafkaRxError } from '../../../lib/errors/errors.js';
import { quietContext } from '../quiet-context.js';
import { ManualClock } from './manual-clock.js';
import { mendedConnection } from './mended-connection.js';

const brokers = ['localhost:9092'];
const hidden = 'correct-horse';
const folder = mkdtempSync(join(tmpdir(), 'kafka-rx-secrets-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const context: DriverContext = quietContext('security', new ManualClock());

test('a secret is read where it is kept, each time anew', () => {
  const file = join(folder, 'password');
  for (const text of ['first', 'second']) {
    writeFileSync(file, `${text}\n`);
    process.env['KAFKA_RX_TEST_SECRET'] = text;
    for (const secret of [text, { file }, { env: 'KAFKA_RX_TEST_SECRET' }, () => text]) {
      expect(readSecret('sasl.password', secret)).toBe(text);
    }
    expect(tlsOptions({ ca: { file }, servername: 'kafka' })).toEqual({
      ca: `${text}\n`.trim(),
      servername: 'kafka',
    });
  }
  delete process.env['KAFKA_RX_TEST_SECRET'];
});

test.each<[string, Secret, string]>([
  ['a variable that is not set', { env: 'KAFKA_RX_NOT_SET' }, 'KAFKA_RX_NOT_SET'],
  ['a file that is not there', { file: '/nowhere/password' }, '/nowhere/password'],
  [
    'a function that throws',
    () => {
      throw new Error(hidden);
    },
    'function',
  ],
])('%s fails the start by its option and place', async (_, password, place) => {
  const driver = kafkajs({ brokers, sasl: { mechanism: 'scram-sha-512', username: 'alice', password } });
  const error = await driver.connect(context).then(
    () => undefined,
    (reason: KafkaRxError) => reason,
  );
  expect(error).toMatchObject({ code: 'CONFIGURATION' });
  expect(error?.message).toContain('sasl.password');
  expect(error?.message).toContain(place);
  expect(error?.message).not.toContain(hidden);
});

test('neither the driver nor its settings show a password when they are printed', () => {
  const options = { brokers, sasl: { mechanism: 'plain', username: 'alice', password: hidden } } as const;
  for (const printed of [kafkajs(options), settingsOf(options), settingsOf(options).sasl]) {
    expect(inspect(printed, { depth: null, showHidden: true })).not.toContain(hidden);
    expect(JSON.stringify(printed)).not.toContain(hidden);
  }
  expect(settingsOf(options).sasl).toMatchObject({ mechanism: 'plain', username: 'alice', password: hidden });
});

test('a mechanism that there is not is refused, without the password', () => {
  const sasl = { mechanism: 'gssapi', username: 'alice', password: hidden } as never;
  expect(() => kafkajs({ brokers, sasl })).toThrow('scram-sha-512');
  expect(() => kafkajs({ brokers, sasl })).not.toThrow(hidden);
});

const named = (name: string, extra: object = {}): Error => Object.assign(new Error('x'), { name, ...extra });

/** As kafkajs does it: whatever its request says, the credentials are to blame. */
function authenticating(answer: () => Promise<never>): Promise<unknown> {
  const connection = mendedConnection(answer, async send => {
    try {
      await send();
    } catch {
      throw named('KafkaJSSASLAuthenticationError', { retriable: false });
    }
  });
  return connection.then(({ authenticate }) => authenticate().catch((error: unknown) => error));
}

test('a connection that is cut while it authenticates is no refusal of the credentials', async () => {
  const cut = await authenticating(async () => {
    throw named('KafkaJSConnectionClosedError', { retriable: true });
  });
  expect(fatalErrorOf(cut)).toBeUndefined();
  const refused = await authenticating(async () => {
    throw named('KafkaJSProtocolError', { type: 'SASL_AUTHENTICATION_FAILED' });
  });
  expect(fatalErrorOf(refused)?.message).toContain('Kafka at kafka:9093 refused the credentials');
});
