import { expectTypeOf } from 'expect-type';
import * as t from 'io-ts';
import type { CardNumber, MaskedCardNumber } from '../../lib/card/card-number.js';
import { maskCardNumber } from '../../lib/card/card-number.js';
import type { Masked } from '../../lib/card/masked.js';
import type { Path } from '../../lib/card/path.js';
import type { Codec } from '../../lib/codecs/codec.js';
import * as types from '../../lib/codecs/io-ts.js';
import { json } from '../../lib/codecs/json.js';

interface Order {
  readonly id: string;
  readonly amount: number;
  card: CardNumber;
  spare?: CardNumber;
  old: CardNumber | null;
  either: string | number;
  readonly payment?: { readonly number: string; readonly valid: boolean };
  cards: readonly { number: string; readonly note?: string }[];
  method: { kind: 'card'; pan: string } | { kind: 'iban'; iban: string };
  when: Date;
  attributes: Record<string, string>;
  a: { b: { c: { d: { e: string; f: { g: string } } } } };
}

/** As `mask` takes its paths. */
function take<V>() {
  return <const P extends Path<V>>(...paths: readonly P[]): Masked<V, P> | undefined =>
    paths.length > 9 ? undefined : undefined;
}

const fields = { id: t.string, price: types.NonNegative };
const Purchase = t.strict({ ...fields, cardNumber: types.CardNumber });
const MaskedPurchase = t.strict({ ...fields, cardNumber: types.MaskedCardNumber });
type Purchase = t.TypeOf<typeof Purchase>;
type MaskedPurchase = t.TypeOf<typeof MaskedPurchase>;

describe('types of masking', () => {
  it('a path leads to text, through optional fields, arrays and unions', () => {
    const of = take<Order>();
    of('id', 'card', 'spare', 'old', 'either', 'payment.number', 'cards.*.number', 'cards.*.note');
    of('method.kind', 'method.pan', 'method.iban', 'attributes.*', 'a.b.c.d.e');
    expectTypeOf<Path<{ a: string; n: number; x: { y?: string | null } }>>().toEqualTypeOf<'a' | 'x.y'>();
    expectTypeOf<Path<readonly string[]>>().toEqualTypeOf<'*'>();
    expectTypeOf<Path<Purchase>>().toEqualTypeOf<'id' | 'cardNumber'>();
  });

  it('a misspelt path, and one to what is no text, do not compile', () => {
    const of = take<Order>();
    // @ts-expect-error misspelt
    of('crad');
    // @ts-expect-error a number
    of('amount');
    // @ts-expect-error misspelt below
    of('payment.nummer');
    // @ts-expect-error an array is entered by *
    of('cards.number');
    // @ts-expect-error what only the value names is entered by *
    of('attributes.anything');
    // @ts-expect-error a record is no text
    of('payment');
    // @ts-expect-error methods are no fields
    of('when.toISOString');
    // @ts-expect-error deeper than five steps
    of('a.b.c.d.f.g');
    // @ts-expect-error one of two
    of('id', 'cardd');
    expect(of()).toBeUndefined();
  });

  it('optional, readonly, null and unions survive', () => {
    type M = Masked<
      Order,
      'card' | 'spare' | 'old' | 'either' | 'payment.number' | 'cards.*.number' | 'method.pan' | 'a.b.c.d.e'
    >;
    expectTypeOf<M>().toEqualTypeOf<{
      readonly id: string;
      readonly amount: number;
      card: MaskedCardNumber;
      spare?: MaskedCardNumber;
      old: MaskedCardNumber | null;
      either: MaskedCardNumber;
      readonly payment?: { readonly number: MaskedCardNumber; readonly valid: boolean };
      cards: readonly { number: MaskedCardNumber; readonly note?: string }[];
      method: { kind: 'card'; pan: MaskedCardNumber } | { kind: 'iban'; iban: string };
      when: Date;
      attributes: Record<string, string>;
      a: { b: { c: { d: { e: MaskedCardNumber; f: { g: string } } } } };
    }>();
    expectTypeOf<Masked<[string, number], '*'>>().toEqualTypeOf<[MaskedCardNumber, MaskedCardNumber]>();
  });

  it('a masked purchase fits its sink, and a raw one does not', () => {
    expectTypeOf<Masked<Purchase, 'cardNumber'>>().toExtend<MaskedPurchase>();
    expectTypeOf<Purchase>().not.toExtend<MaskedPurchase>();
    expectTypeOf<CardNumber>().not.toExtend<MaskedCardNumber>();
    expectTypeOf<MaskedCardNumber>().not.toExtend<CardNumber>();
    expectTypeOf<string>().not.toExtend<MaskedCardNumber>();
    expectTypeOf(maskCardNumber('4111')).toEqualTypeOf<MaskedCardNumber>();
    const sink: Codec<MaskedPurchase> = json(MaskedPurchase);
    const raw = json(Purchase).decode(Buffer.from('{"id":"","price":1,"cardNumber":"4111111111111111"}'), {
      topic: 't',
      partition: 0,
      offset: 0,
    });
    // @ts-expect-error the card is raw
    expect(() => sink.encode(raw)).toThrow('MaskedCardNumber');
  });
});
