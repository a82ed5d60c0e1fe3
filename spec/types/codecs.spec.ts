import { expectTypeOf } from 'expect-type';
import * as t from 'io-ts';
import type { MaskedCardNumber } from '../../lib/card/card-number.js';
import type { bytes } from '../../lib/codecs/bytes.js';
import type { Codec, TypeOf } from '../../lib/codecs/codec.js';
import * as types from '../../lib/codecs/io-ts.js';
import { json } from '../../lib/codecs/json.js';
import { nullable } from '../../lib/codecs/nullable.js';
import type { StandardSchema } from '../../lib/codecs/standard-schema.js';
import { string } from '../../lib/codecs/string.js';

describe('types of codecs', () => {
  it('json infers the decoded type of an io-ts type, brands included', () => {
    const Purchase = t.strict({
      id: t.string,
      quantity: types.PositiveInt,
      cardNumber: types.MaskedCardNumber,
    });
    expectTypeOf(json(Purchase)).toEqualTypeOf<Codec<t.TypeOf<typeof Purchase>>>();
    expectTypeOf<
      TypeOf<ReturnType<typeof json<t.TypeOf<typeof Purchase>>>>['cardNumber']
    >().toEqualTypeOf<MaskedCardNumber>();
    expectTypeOf(json(t.array(t.Int))).toEqualTypeOf<Codec<t.Int[]>>();
    expectTypeOf(json(t.union([t.string, t.null]))).toEqualTypeOf<Codec<string | null>>();
    const DateFromIso = new t.Type<Date, string>(
      'D',
      (u): u is Date => u instanceof Date,
      (u, c) => t.failure(u, c),
      d => d.toISOString(),
    );
    expectTypeOf(json(t.type({ d: DateFromIso }))).toEqualTypeOf<Codec<{ d: Date }>>();
  });

  it('nullable adds null and nothing else', () => {
    expectTypeOf(nullable(string)).toEqualTypeOf<Codec<string | null>>();
    expectTypeOf<TypeOf<typeof bytes>>().toEqualTypeOf<Buffer>();
  });

  it('json infers the output of a schema, and refuses one that would not take its own output', () => {
    const withDefault = schema<{ a?: string }, { a: string }>();
    expectTypeOf(json(withDefault)).toEqualTypeOf<Codec<{ a: string }>>();
    const oneWay = schema<string, number>();
    // @ts-expect-error a number is no input of this schema, so it could not be written
    expect(() => json(oneWay)).not.toThrow();
    // @ts-expect-error a schema does not tell what it declares
    expect(() => json(withDefault, { unknownFields: 'refuse' })).toThrow();
  });

  it('what is no type does not compile', () => {
    // @ts-expect-error no decode, no encode
    expect(() => json({ name: 'x' })).toThrow();
    // @ts-expect-error misspelt option
    expect(() => json(t.string, { unknownField: 'strip' })).toThrow(/unknownFields/);
  });
});

function schema<Input, Output>(): StandardSchema<Input, Output> {
  return { '~standard': { version: 1, vendor: 'test', validate: () => ({ issues: [] }) } };
}
