import fc from 'fast-check';
import * as t from 'io-ts';
import { bytes } from '../../lib/codecs/bytes.js';
import type { Codec } from '../../lib/codecs/codec.js';
import { json } from '../../lib/codecs/json.js';
import { nullable } from '../../lib/codecs/nullable.js';
import { number } from '../../lib/codecs/number.js';
import { string } from '../../lib/codecs/string.js';
import { isKafkaRxError } from '../../lib/errors/errors.js';

const at = { topic: 't', partition: 0, offset: 7 };

function codeOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    if (!isKafkaRxError(error)) throw error;
    return error.code;
  }
  return 'no error';
}

describe('string, bytes, number', () => {
  it('decode after encode is identity', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(fc.property(text, value => expect(string.decode(string.encode(value), at)).toBe(value)));
    const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(fc.property(finite, value => expect(number.decode(number.encode(value), at)).toBe(value)));
    const buffer = Buffer.from([0xff, 0]);
    expect(bytes.decode(bytes.encode(buffer), at)).toBe(buffer);
  });

  it('whatever the bytes, only DECODE is thrown, with coordinates and without any of the input', () => {
    const input = fc.oneof(
      fc.uint8Array().map(b => Buffer.from(b)),
      fc.string().map(s => Buffer.from(s)),
      fc.stringMatching(/^[0-9]{6,400}[a-f]?$/).map(s => Buffer.from(s)),
    );
    fc.assert(
      fc.property(input, fc.constantFrom<Codec<unknown>>(string, number, bytes), (given, codec) => {
        try {
          codec.decode(given, at);
        } catch (error) {
          if (!isKafkaRxError(error, 'DECODE')) throw error;
          expect(error.at).toEqual(at);
          expect(error.cause).toBeUndefined();
          expect(error.message).not.toMatch(/[0-9]{6}/);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it.each([string, number, bytes] as readonly Codec<unknown>[])(
    'null bytes are refused by $name unless nullable',
    codec => {
      expect(codeOf(() => codec.decode(null, at))).toBe('DECODE');
      expect(nullable(codec).decode(null, at)).toBeNull();
      expect(nullable(codec).encode(null)).toBeNull();
    },
  );

  it('malformed UTF-8 is refused and not repaired', () => {
    for (const bad of [[0xc3, 0x28], [0xed, 0xa0, 0x80], [0xff], [0xc0, 0x80]]) {
      expect(codeOf(() => string.decode(Buffer.from(bad), at))).toBe('DECODE');
    }
    expect(codeOf(() => string.encode('a\ud800'))).toBe('ENCODE');
    expect(string.encode('a😀é')).toEqual(Buffer.from('a😀é'));
  });

  it('a number is decimal text and nothing that JavaScript takes beside it', () => {
    for (const bad of [
      '',
      ' 1',
      '1 ',
      '0x10',
      'Infinity',
      'NaN',
      '1_000',
      '+1',
      '.5',
      '1.',
      '01',
      '1e999',
      '1n',
    ]) {
      expect([bad, codeOf(() => number.decode(Buffer.from(bad), at))]).toEqual([bad, 'DECODE']);
    }
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY])
      expect(codeOf(() => number.encode(bad))).toBe('ENCODE');
  });

  it('nullable keeps the inner errors, and prepares exactly when the inner codec does', async () => {
    expect(codeOf(() => nullable(number).decode(Buffer.from('x'), at))).toBe('DECODE');
    expect('prepare' in nullable(number)).toBe(false);
    const heard: unknown[] = [];
    const prepared = nullable({ ...string, prepare: async batch => void heard.push(batch) });
    await prepared.prepare?.([null]);
    expect(heard).toEqual([[null]]);
    expect(nullable(string).name).toBe('nullable(string)');
  });

  it('nullable takes no codec of which null is a value: its text would go out as a tombstone', () => {
    const schema = {
      '~standard': { version: 1, vendor: 'any', validate: (value: unknown) => ({ value }) },
    } as const;
    const Sale = t.strict({ id: t.string });
    for (const codec of [json(t.union([t.null, Sale])), json(t.unknown), json(t.null), json(schema)])
      expect(codeOf(() => nullable<unknown>(codec as Codec<unknown>))).toBe('CONFIGURATION');
    for (const codec of [json(Sale), nullable(json(Sale)), string, bytes])
      expect(nullable<unknown>(codec as Codec<unknown>).encode(null)).toBeNull();
  });

  it('bytes that a codec of the user reads as null are refused under nullable, and are no tombstone', () => {
    const own: Codec<unknown> = {
      name: 'own',
      decode: bytes => JSON.parse(String(bytes)),
      encode: value => Buffer.from(JSON.stringify(value)),
    };
    const both = nullable(own);
    expect(codeOf(() => both.decode(Buffer.from('null'), at))).toBe('DECODE');
    expect(both.decode(Buffer.from('1'), at)).toBe(1);
    expect(both.decode(null, at)).toBeNull();
  });
});
