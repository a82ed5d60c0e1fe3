import fc from 'fast-check';
import { maskCardNumber } from '../../lib/card/card-number.js';
import { maskAt } from '../../lib/card/mask-at.js';
import { compilePath } from '../../lib/card/path.js';
import { isKafkaRxError } from '../../lib/errors/errors.js';

const raw = '1234-5678-1234-1233';
const masked = 'xxxx-xxxx-xxxx-1233';
const mask = (value: unknown, ...paths: string[]): unknown =>
  maskAt(value, paths.map(compilePath), maskCardNumber);

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze);
  return value;
}

describe('maskAt', () => {
  it('masks a top-level field, keeping the order of fields', () => {
    const value = deepFreeze({ a: 1, cardNumber: raw, z: [1] });
    const result = mask(value, 'cardNumber');
    expect(JSON.stringify(result)).toBe(JSON.stringify({ a: 1, cardNumber: masked, z: [1] }));
    expect(value.cardNumber).toBe(raw);
  });

  it('masks through objects and arrays, never changes its input, and shares what it does not change', () => {
    const value = deepFreeze({
      cards: [{ number: raw, more: {} }, { other: 1 }, null],
      other: {},
      deep: { a: { b: raw } },
    });
    const result = maskAt(value, ['cards.*.number', 'deep.a.b'].map(compilePath), maskCardNumber);
    expect(result).toEqual({
      cards: [{ number: masked, more: {} }, { other: 1 }, null],
      other: {},
      deep: { a: { b: masked } },
    });
    expect(result.other).toBe(value.other);
    expect(result.cards[1]).toBe(value.cards[1]);
    expect(result.cards[0]?.more).toBe(value.cards[0]?.more);
  });

  it('gives the value itself back where it is masked already or has no such field', () => {
    for (const value of [
      { cardNumber: masked },
      {},
      { cardNumber: undefined },
      { cardNumber: null },
      [],
      null,
      'text',
    ]) {
      expect(mask(value, 'cardNumber')).toBe(value);
    }
    const other = { card: { number: 'none' } };
    expect(mask(other, 'card.*.number')).toBe(other);
    const elements = { card: [{ number: raw }] };
    expect(() => mask(elements, 'card.number')).toThrow(expect.objectContaining({ code: 'PROCESS' }));
    expect(mask(elements, 'card.number', 'card.*.number')).toEqual({ card: [{ number: masked }] });
  });

  it('does not take an inherited field for one of the value', () => {
    const value = Object.create({ cardNumber: raw });
    expect(() => mask(value, 'cardNumber')).toThrow(
      expect.objectContaining({ code: 'PROCESS', path: 'cardNumber' }),
    );
    expect(mask({}, 'toString')).toEqual({});
  });

  it('masks every field of a record whose names only the value knows, at * as in an array', () => {
    const value = deepFreeze({
      byId: { a: { number: raw, more: 1 }, __proto__x: { number: raw }, b: null },
      plain: JSON.parse(`{"__proto__":"${raw}","x":"${raw}"}`),
    });
    expect(mask(value, 'byId.*.number', 'plain.*')).toEqual({
      byId: { a: { number: masked, more: 1 }, __proto__x: { number: masked }, b: null },
      plain: JSON.parse(`{"__proto__":"${masked}","x":"${masked}"}`),
    });
    expect(mask({ byId: {} }, 'byId.*.number')).toEqual({ byId: {} });
  });

  it('masks a number as text', () => {
    expect(mask({ card: 4111111111111111 }, 'card')).toEqual({ card: 'xxxxxxxxxxxx1111' });
    expect(mask(['4111111111111111', 42], '*')).toEqual(['xxxxxxxxxxxx1111', 'xx']);
  });

  it.each([[true], [{ number: raw }], [[raw]], [10n]])(
    'fails closed on what is no text, with the path and not the value',
    bad => {
      try {
        mask({ payment: { card: bad } }, 'payment.card');
      } catch (error) {
        if (!isKafkaRxError(error, 'PROCESS')) throw error;
        expect(error.path).toBe('payment.card');
        expect(error.message).not.toMatch(/1234|true/);
        return;
      }
      throw new Error('did not throw');
    },
  );

  it.each(['', 'a.', '.a', 'a..b', '__proto__', 'a.__proto__.b', 'constructor.prototype'])(
    'refuses the path "%s"',
    path => {
      try {
        compilePath(path);
      } catch (error) {
        expect(isKafkaRxError(error, 'CONFIGURATION')).toBe(true);
        return;
      }
      throw new Error('did not throw');
    },
  );

  it('is idempotent and changes nothing else, whatever the value', () => {
    const leaf = fc.oneof(fc.string(), fc.constant(raw), fc.integer(), fc.constant(null));
    const value = fc.record(
      { a: leaf, list: fc.array(fc.record({ n: leaf, m: fc.jsonValue() })) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(value, given => {
        const before = structuredClone(given);
        const once = mask(given, 'a', 'list.*.n');
        expect(given).toEqual(before);
        expect(mask(once, 'a', 'list.*.n')).toEqual(once);
        const expectedList = before.list?.map(e => ({
          ...e,
          n: typeof e.n === 'string' || typeof e.n === 'number' ? maskCardNumber(String(e.n)) : e.n,
        }));
        expect((once as typeof given).list).toEqual(expectedList);
      }),
    );
  });
});
