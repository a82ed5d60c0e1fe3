import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { keyKind } from '../../lib/base/key-kind.js';
import {
  either,
  flag,
  list,
  oneOf,
  plainObject,
  required,
  secret,
  shape,
  text,
} from '../../lib/base/option-kinds.js';
import { checkArgument, checkOptions, type FieldKinds, type Kind } from '../../lib/base/option-schema.js';
import { kafkajs } from '../../lib/drivers/kafkajs/index.js';
import { MemoryBroker, memory } from '../../lib/drivers/memory/index.js';
import { openDeadLetter } from '../../lib/errors/dead-letters/sealed.js';
import { createApp } from '../../lib/index.js';
import { tokenize } from '../../operators/tokenize.js';

const marker = 'SnsQ7kPlBx';
const markerNumber = 83915274;

/** What may be given by mistake, each with the marker in it. */
const mistakes = (): fc.Arbitrary<unknown> =>
  fc.oneof(
    fc.constantFrom<unknown>(
      marker,
      markerNumber,
      BigInt(markerNumber),
      Symbol(marker),
      `${marker}@host:9092`,
      -markerNumber,
    ),
    fc.constantFrom<unknown>(
      `user:${marker}@host:9092`,
      `-----BEGIN ${marker}`,
      Object(marker),
      new Error(marker),
    ),
    fc.array(fc.constantFrom<unknown>(marker, markerNumber, [marker], null), { maxLength: 2 }),
    fc.dictionary(
      fc.constantFrom(
        'env',
        'file',
        'key',
        'encrypt',
        'mechanism',
        'username',
        'password',
        'passphrase',
        'ca',
      ),
      fc.constantFrom<unknown>(markerNumber, [marker], { key: marker }, { env: markerNumber }, null),
      { maxKeys: 3 },
    ),
  );

function shows(fault: unknown): boolean {
  const told =
    fault instanceof Error
      ? `${fault.message} ${JSON.stringify(fault)} ${String(fault.cause)}`
      : String(fault);
  return told.includes(marker) || told.includes(String(markerNumber));
}

function thrownBy(act: () => unknown): unknown {
  try {
    act();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Every schema that there is, from the modules themselves: one that is added is looked at too. */
async function schemas(): Promise<ReadonlyMap<string, FieldKinds>> {
  const found = new Map<string, FieldKinds>();
  const root = join(__dirname, '../..');
  for (const folder of ['lib', 'operators']) {
    for (const file of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts') || file.endsWith('.d.ts')) continue;
      const path = join(root, folder, file);
      if (!/\b(?:Fields<|FieldKinds\b)/.test(readFileSync(path, 'utf8'))) continue;
      const module: Readonly<Record<string, unknown>> = await import(path);
      for (const [name, value] of Object.entries(module))
        if (isSchema(value)) found.set(`${file}: ${name}`, value);
    }
  }
  return found;
}

function isKind(value: unknown): value is Kind {
  return typeof value === 'object' && value !== null && 'wants' in value && 'fault' in value;
}

function isSchema(value: unknown): value is FieldKinds {
  if (typeof value !== 'object' || value === null) return false;
  const kinds = Object.values(value);
  return kinds.length > 0 && kinds.every(isKind);
}

/** Options whose names sound secret and are none: names of keys of records, not keys. */
const noSecrets = /^(?:key|keyBy|keys|duplicateKeys)$/;
const soundsSecret = /key$|secret|password|passphrase|token|sasl|ssl|credential|encrypt|payload|brokers/i;

describe('what is secret among options', () => {
  test('every option that sounds secret is one by its kind', async () => {
    const found = await schemas();
    expect([...found.keys()].some(name => name.includes('kafkajsOptions'))).toBe(true);
    const open: string[] = [];
    for (const [schema, fields] of found) {
      for (const [name, kind] of Object.entries(fields)) {
        if (!soundsSecret.test(name) || kind.isSecret === true) continue;
        if (noSecrets.test(name) && !schema.includes('tokenize')) continue;
        open.push(`${schema}.${name}`);
      }
    }
    expect(open).toEqual([]);
  });

  test('no error of any schema shows what was given for a secret, of whatever kind it was', async () => {
    for (const [name, fields] of await schemas()) {
      for (const [option, kind] of Object.entries(fields)) {
        if (kind.isSecret !== true) continue;
        fc.assert(
          fc.property(mistakes(), given => {
            expect(shows(thrownBy(() => checkOptions(name, fields, { [option]: given })))).toBe(false);
            expect(shows(thrownBy(() => checkArgument(name, option, kind, given)))).toBe(false);
          }),
          { numRuns: 100 },
        );
      }
    }
  });

  const holding: readonly Kind[] = [
    secret(text),
    keyKind,
    required(keyKind),
    list(keyKind, 1),
    shape({ encrypt: required(shape({ key: required(keyKind) })) }),
    either(oneOf('redacted', 'none'), shape({ encrypt: required(shape({ key: required(keyKind) })) })),
    either(flag, secret(plainObject('options'))),
    list(either(flag, list(secret(oneOf('one', 'two')))), 1),
  ];
  test('a kind that holds a secret anywhere within shows nothing in its place', () => {
    fc.assert(
      fc.property(fc.constantFrom(...holding), mistakes(), (kind, given) => {
        expect(shows(thrownBy(() => checkArgument('make', 'it', kind, given)))).toBe(false);
        expect(shows(thrownBy(() => checkOptions('make', { it: kind }, given)))).toBe(false);
      }),
    );
  });

  const app = (deadLetters: unknown) => () =>
    // As JavaScript has it.
    createApp({ groupId: 'g', driver: memory({ broker: new MemoryBroker() }), deadLetters } as never);
  const kafka = (options: object) => () => kafkajs({ brokers: ['localhost:9092'], ...options } as never);
  test.each<[string, () => unknown, string]>([
    [
      'the key of dead letters as text',
      app({ topic: 'd', payload: { encrypt: { key: marker } } }),
      'deadLetters.payload.encrypt.key must be bytes, a KeyObject or { env }, and is text',
    ],
    [
      'one level above',
      app({ topic: 'd', payload: { encrypt: marker } }),
      'deadLetters.payload.encrypt must be { key }, and is text',
    ],
    ['two levels above', app({ topic: 'd', payload: marker }), 'deadLetters.payload must be'],
    ['as a number', app({ topic: 'd', payload: { encrypt: { key: markerNumber } } }), 'and is a number'],
    [
      'a key for openDeadLetter',
      () => openDeadLetter(Buffer.alloc(40), { topic: 't', partition: 0, offset: 0 }, marker as never),
      'openDeadLetter: the key must be',
    ],
    ['a key for tokens', () => tokenize('card' as never, { key: marker } as never), 'tokenize: key must be'],
    [
      'a password as a number',
      kafka({ sasl: { mechanism: 'plain', username: 'u', password: markerNumber } }),
      'kafkajs: sasl.password must be',
    ],
    [
      'a password in a list',
      kafka({ sasl: { mechanism: 'plain', username: 'u', password: [marker] } }),
      'kafkajs: sasl.password must be',
    ],
    [
      'a provider of tokens that is a token',
      kafka({ sasl: { mechanism: 'oauthbearer', oauthBearerProvider: marker } }),
      'kafkajs: sasl.oauthBearerProvider must be a function, and is text',
    ],
    ['keys of a cloud', kafka({ sasl: { mechanism: 'aws', accessKeyId: markerNumber } }), 'kafkajs: sasl.'],
    ['sasl as text', kafka({ sasl: marker }), 'kafkajs: sasl must be'],
    ['ssl as text', kafka({ ssl: marker }), 'kafkajs: ssl must be'],
    [
      'a passphrase as a number',
      kafka({ ssl: { passphrase: markerNumber } }),
      'kafkajs: ssl.passphrase must be',
    ],
    [
      'credentials in an address',
      kafka({ brokers: [`user:${marker}@host:9092`] }),
      'kafkajs: brokers.0 must be',
    ],
    [
      'a password alone in an address',
      kafka({ brokers: [`${marker}@host:9092`] }),
      'kafkajs: brokers.0 must be',
    ],
    ['addresses as one text', kafka({ brokers: `${marker}@host:9092` }), 'kafkajs: brokers must be'],
  ])('%s is refused, and not shown', (_, act, expected) => {
    const error = thrownBy(act);
    expect(error).toMatchObject({ code: 'CONFIGURATION', message: expect.stringContaining(expected) });
    expect(shows(error)).toBe(false);
  });

  test('what was misspelt beside a secret is told by what was likely meant', () => {
    expect(thrownBy(app({ topic: 'd', payload: 'redcated' }))).toMatchObject({
      remedy: "Write 'redacted'",
    });
  });

  test('the name of a variable that has the form of a key is not shown either', () => {
    const key = Buffer.alloc(32, 7).toString('hex');
    for (const env of [key, Buffer.from(key, 'hex').toString('base64'), `${marker}/+=`]) {
      for (const act of [
        () => tokenize('card' as never, { key: { env } }),
        kafka({ sasl: { mechanism: 'plain', username: 'u', password: { env } } }),
      ])
        expect(String(thrownBy(act))).not.toContain(env);
    }
  });

  test.each([
    '4111111111111111',
    `${'x'.repeat(30)} 4111 1111 1111 1111`,
    `${'x'.repeat(50)}4111111111111111`,
  ])('no part of a card number is shown by cutting what was given: %s', card => {
    const errors = [
      thrownBy(() => checkOptions('make', { order: oneOf('key') }, { order: card })),
      thrownBy(() => checkOptions('make', { order: oneOf('key') }, { [card]: 1 })),
      thrownBy(() => app({ topic: card })()),
    ];
    for (const error of errors) expect(String(error).replace(/\D/g, '')).not.toContain('41111');
  });
});
