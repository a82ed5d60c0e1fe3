import { createSecretKey, randomBytes } from 'node:crypto';
import { createApp, noHeaders, openDeadLetter } from 'kafka-rx';
import { memory } from 'kafka-rx/memory';
import type { DeadLetterPayload } from '../../../lib/errors/dead-letters/options.js';
import { payloadMaker } from '../../../lib/errors/dead-letters/payload.js';
import { redactedBytes } from '../../../lib/errors/dead-letters/redacted-json.js';
import { seal, secretKey } from '../../../lib/errors/dead-letters/sealed.js';

const at = { topic: 'in', partition: 1, offset: 7 };

function made(value: Buffer | string | null, key: string | null, masks: readonly string[] = []) {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  const keyBytes = key === null ? null : Buffer.from(key);
  const record = { offset: 7, timestamp: 0, key: keyBytes, value: bytes, headers: noHeaders };
  return payloadMaker('redacted', () => masks)(record, at, undefined);
}

function payload(given: Buffer | string | null, masks: readonly string[] = []): unknown {
  const { kind, value } = made(given, null, masks);
  return value === null ? kind : JSON.parse(value.toString());
}

describe('the redacted payload', () => {
  test.each([
    [
      'a card number in a string',
      '{"a":"paid by 4111 1111 1111 1111"}',
      { a: 'paid by xxxx xxxx xxxx 1111' },
    ],
    ['a run that is no card', '{"a":"1234567890123"}', { a: 'xxxxxxxxx0123' }],
    ['a number', '{"a":4111111111111111}', { a: 'xxxxxxxxxxxx1111' }],
    [
      'a number beyond what JavaScript can hold',
      '{"a":41111111111111110000000}',
      { a: expect.stringMatching(/^x/) },
    ],
    ['a number with a point', '{"a":411111111.1111111}', { a: expect.stringMatching(/^x/) }],
    ['a name', '{"4111111111111111":1}', { xxxxxxxxxxxx1111: 1 }],
    ['every depth', '{"a":[{"b":["4111111111111111"]}]}', { a: [{ b: ['xxxxxxxxxxxx1111'] }] }],
    ['digits written as escapes', '{"a":"\\u0034111111111111111"}', { a: 'xxxxxxxxxxxx1111' }],
    ['JSON in a string', '{"a":"{\\"b\\":4111111111111111}"}', { a: '{"b":xxxxxxxxxxxx1111}' }],
    ['a bare string', '"4111111111111111"', 'xxxxxxxxxxxx1111'],
  ])('masks %s', (_what, value, expected) => expect(payload(value)).toEqual(expected));

  test('shows nothing of a value of which every field is masked', () => {
    expect(payload('{"mail":"ann@example.org","n":17}', ['*'])).toEqual({ xxxx: 'xxx@xxxxxxx.xxx', x: 'xx' });
  });

  test('leaves everything else, __proto__ as a name among it', () => {
    const value = '{"__proto__":{"a":1},"b":[true,null,12.5,"12345"],"constructor":"c"}';
    expect(JSON.stringify(payload(value))).toBe(value);
  });

  test('blanks what is below the fields that the topology masks', () => {
    expect(
      payload('{"x":{"card":["411111111111",4111,{"nine":"John D."}]},"n":4111}', ['items.*.card']),
    ).toEqual({
      x: { card: ['xxxxxxxxxxxx', 'xxxx', { xxxx: 'xxxx x.' }] },
      n: 4111,
    });
  });

  test.each([
    ['no JSON', 'bad 4111111111111111'],
    ['JSON that is cut off', '{"a":"4111111111111111'],
    ['nothing', null],
    ['no UTF-8', Buffer.concat([Buffer.from('"4111111111111111'), Buffer.from([0xff]), Buffer.from('"')])],
    ['too deep', '['.repeat(200_000) + ']'.repeat(200_000)],
    ['too large for a broker', JSON.stringify('a'.repeat(900_000))],
  ])('is left out for what is %s, and the key with it', (_what, value) =>
    expect(made(value, 'ann@example.org')).toEqual({ kind: 'none', key: null, value: null }),
  );

  test('has the key beside it, redacted alike; without it where the two are too large', () => {
    expect(String(made('{}', '4111111111111111').key)).toBe('xxxxxxxxxxxx1111');
    expect(String(made('{}', '{"mail":"ann@example.org"}', ['mail']).key)).toBe('{"mail":"xxx@xxxxxxx.xxx"}');
    const large = 'k'.repeat(899_999);
    expect(made('{}', large)).toEqual({ kind: 'none', key: null, value: null });
  });
});

describe('what the copy masks in a field its key does not show', () => {
  const iban = 'DE89370400440532013000';
  const keyed = (key: string, field: unknown, masks = ['iban']): string =>
    String(made(JSON.stringify({ iban: field, n: 1 }), key, masks).key);

  test.each([
    ['as it is', iban, iban, 'xxxxxxxxxxxxxxxxxxxxxx'],
    ['within other text', `bank:${iban}/1`, iban, 'bank:xxxxxxxxxxxxxxxxxxxxxx/1'],
    ['grouped otherwise', iban, 'DE89 3704 0044 0532 0130 00', 'xxxxxxxxxxxxxxxxxxxxxx'],
    ['in other letters', 'ann@example.org', 'Ann@Example.org', 'xxx@xxxxxxx.xxx'],
    ['with other accents', 'José', 'Jose\u0301', 'xxxx'],
    ['as JSON text', '"a\\nb"', 'a\nb', '"x\\nx"'],
    ['in JSON, in escapes', '{"id":"\\u0061nn"}', 'ann', '{"id":"xxx"}'],
    ['in JSON, as a number', '{"id":4021}', '4021', '{"id":"xxxx"}'],
    ['as the name of a field', '{"ann":1}', 'ann', '{"xxx":1}'],
    ['in JSON within JSON', '{"in":"{\\"id\\":\\"ann\\"}"}', 'ann', '{"in":"{\\"id\\":\\"xxx\\"}"}'],
    ['as a number', '4021', 4021, 'xxxx'],
    ['as one of several', 'ann', ['bob', { name: 'ann' }], 'xxx'],
    ['as a name below it', 'ann', { ann: 1 }, 'xxx'],
    ['twice', 'ann ann', 'ann', 'xxx xxx'],
    // One digit fewer must not make a run too short to be found.
    ['inside a longer number', '1234567890123', '7', 'xxxxxxxxx0123'],
    ['with the last four digits', '4111111111111111', '4111 1111 1111 1111', 'xxxxxxxxxxxxxxxx'],
  ])('%s', (_, key, field, expected) => expect(keyed(key, field)).toBe(expected));

  test('and all else it does', () => {
    expect(keyed('c-17', iban)).toBe('c-17');
    expect(keyed('c-17', null)).toBe('c-17');
    expect(keyed('c-17', '--')).toBe('c-17');
    expect(keyed('{"id":"c-17"}', iban)).toBe('{"id":"c-17"}');
  });

  test('in time that does not grow with both of them', () => {
    const field = Array.from({ length: 40_000 }, (_, i) => `n${i}`);
    expect(keyed('k'.repeat(300_000), field)).toMatch(/^x+$/);
  });
});

test('a key is redacted text, or nothing where it is none', () => {
  const redacted = (bytes: Buffer): string | undefined => redactedBytes(bytes)?.toString();
  expect(redacted(Buffer.from('c-17'))).toBe('c-17');
  expect(redacted(Buffer.from('4111111111111111'))).toBe('xxxxxxxxxxxx1111');
  expect(redacted(Buffer.from([0xff, 0x41]))).toBeUndefined();
  expect(redacted(Buffer.from('4111111111111111', 'hex'))).toBeUndefined();
});

describe('the encrypted payload', () => {
  const key = randomBytes(32);
  const record = {
    offset: 7,
    timestamp: 5,
    key: Buffer.from('k'),
    value: Buffer.from([0xff, 0]),
    headers: [{ key: 'h', value: null }],
  };
  const sealed = (option: DeadLetterPayload = { encrypt: { key } }): Buffer => {
    const { kind, key: letterKey, value } = payloadMaker(option, () => [])(record, at, undefined);
    expect([kind, letterKey]).toEqual(['encrypted', null]);
    return value ?? Buffer.alloc(0);
  };

  test('opens with the key to the whole record, and is never twice the same', () => {
    const { key: recordKey, value, headers } = record;
    expect(openDeadLetter(sealed(), at, key)).toEqual({ key: recordKey, value, headers });
    expect(sealed().equals(sealed())).toBe(false);
  });

  test.each([
    ['another key', () => openDeadLetter(sealed(), at, randomBytes(32))],
    ['other coordinates', () => openDeadLetter(sealed(), { ...at, offset: 8 }, key)],
    [
      'changed bytes',
      () => {
        const bytes = sealed();
        bytes.writeUInt8(bytes.readUInt8(40) ^ 1, 40);
        return openDeadLetter(bytes, at, key);
      },
    ],
    ['too few bytes', () => openDeadLetter(sealed().subarray(0, 20), at, key)],
  ])('does not open with %s', (_what, open) => {
    expect(open).toThrow(expect.objectContaining({ code: 'DECODE' }));
  });

  test('takes its key from bytes, a key object, or an environment variable', () => {
    process.env['LETTERS_KEY'] = key.toString('base64');
    process.env['LETTERS_KEY_HEX'] = key.toString('hex');
    const keys = [key, createSecretKey(key), { env: 'LETTERS_KEY' }, { env: 'LETTERS_KEY_HEX' }];
    for (const one of keys) {
      expect(openDeadLetter(seal(record, at, secretKey(one)), at, key).value).toEqual(record.value);
    }
    delete process.env['LETTERS_KEY'];
    delete process.env['LETTERS_KEY_HEX'];
  });

  test('refuses a key that is none, without quoting it', () => {
    process.env['LETTERS_KEY'] = 'hunter2';
    for (const bad of [{ env: 'LETTERS_KEY' }, { env: 'NOT_THERE' }, Buffer.alloc(31)]) {
      expect(() => payloadMaker({ encrypt: { key: bad } }, () => [])).toThrow(
        expect.objectContaining({ code: 'CONFIGURATION', message: expect.not.stringContaining('hunter2') }),
      );
    }
    delete process.env['LETTERS_KEY'];
  });
});

test.each([
  { topic: 'a/b' },
  { topic: 'd', limit: { share: 2 } },
  { topic: 'd', limit: { share: Number.NaN } },
  { topic: 'd', limit: { share: 0.5, windowMs: 0 } },
  { topic: 'd', limit: { share: 0.5, minimum: -1 } },
  { topic: 'd', limit: { perMinute: -1 } },
])('createApp refuses the options %p', deadLetters => {
  const options = { groupId: 'g', driver: memory(), deadLetters };
  expect(() => createApp(options)).toThrow(
    expect.objectContaining({ code: 'CONFIGURATION', message: expect.stringContaining('deadLetters.') }),
  );
});
