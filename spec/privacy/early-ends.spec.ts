import * as t from 'io-ts';
import { json } from 'kafka-rx';
import { mapValue, mask, tokenize } from 'kafka-rx/operators';
import { testApp } from 'kafka-rx/testing';

const raw = '4111-1111-1111-1111';
const masked = 'xxxx-xxxx-xxxx-1111';

/** What `app.each`, before which no guard stands, is handed of a value behind the mask; `PROCESS` where it is refused. */
async function handedOn(
  value: unknown,
  paths: string | readonly string[],
  options: object = {},
): Promise<unknown> {
  const seen: unknown[] = [];
  const errors: unknown[] = [];
  const test = await testApp(app =>
    app
      .topic('in', { value: json(t.unknown) })
      .pipe(
        mapValue((): unknown => value),
        mask(paths as never, { optional: true, ...options }),
      )
      .subscribe(app.each(record => void seen.push(record.value))),
  );
  try {
    test.pipeIn('in', [{ value: 0 as never }]);
    await test.idle();
  } catch (error) {
    errors.push(error);
  }
  await test.stop().catch(error => errors.push(error));
  for (const error of errors) {
    expect(error).toMatchObject({ code: 'PROCESS' });
    expect(String(error)).not.toMatch(/4111|1234/);
  }
  return errors.length > 0 ? 'PROCESS' : seen[0];
}

describe('a mask whose path ends early', () => {
  test.each<[string, unknown, string]>([
    ['a card in the place of its object', { payment: raw }, 'payment.card'],
    ['a mistyped one', { payment: '1234 5678 1234 1233' }, 'payment.card'],
    ['in full-width digits', { payment: '４１１１１１１１１１１１１１１１' }, 'payment.card'],
    ['a number', { payment: 4111111111111111 }, 'payment.card'],
    ['a bigint', { payment: 4111111111111111n }, 'payment.card'],
    ['a card in the place of the value', raw, 'card'],
    ['a number in the place of the value', 4111111111111111, 'card'],
    ['a card in the place of a list', { cards: raw }, 'cards.*'],
    ['of a list of objects', { cards: raw }, 'cards.*.number'],
    ['a card among objects', { cards: [{ number: masked }, raw] }, 'cards.*.number'],
    ['a list in the place of an object', { payment: [{ card: raw }] }, 'payment.card'],
    ['a list of cards', { payment: [raw] }, 'payment.card'],
    ['a list in a list', { payment: [[{ card: raw }]] }, 'payment.card'],
    ['a list in the place of the value', [{ card: raw }], 'card'],
    ['a Map', { payment: new Map([['card', raw]]) }, 'payment.card'],
    ['a Map in the place of the value', new Map([['card', raw]]), 'card'],
    ['a Map of all', { by: new Map([['a', raw]]) }, 'by.*'],
    ['a Map of objects', { by: new Map([['a', { card: raw }]]) }, 'by.*.card'],
    ['a Set', { cards: new Set([raw]) }, 'cards.*'],
  ])('does not hand on %s', async (_, value, path) => {
    expect(await handedOn(value, path)).toBe('PROCESS');
  });

  test('what it cannot mask in a Map it does not hand on, also where a pattern masks', async () => {
    const email = new Map([['email', 'ann@example.org']]);
    expect(await handedOn(email, 'email', { pattern: /^(.)/ })).toBe('PROCESS');
  });

  test('masks the item whose number it names', async () => {
    const cards = [{ number: raw }, { number: raw }];
    expect(await handedOn({ cards }, 'cards.1.number')).toEqual({ cards: [cards[0], { number: masked }] });
    expect(await handedOn({ cards: [raw] }, 'cards.0')).toEqual({ cards: [masked] });
    expect(await handedOn({ cards: [] }, 'cards.0')).toEqual({ cards: [] });
  });

  test.each<[string, unknown, string | readonly string[]]>([
    ['undefined', undefined, 'payment.card'],
    ['null', null, 'payment.card'],
    ['null on the way', { payment: null }, 'payment.card.number'],
    ['undefined on the way', { payment: undefined }, 'payment.card.number'],
    ['nothing on the way', {}, 'payment.card.number'],
    ['an empty list', { payment: [] }, 'payment.card'],
    ['a truth', { payment: true }, 'payment.card'],
    ['text of another sort', { payment: 'cash' }, 'payment.card'],
    ['an id', { payment: '40123456-1234-4123-8123-12345678a012' }, 'payment.card'],
    ['a time', { payment: '2026-11-28 18:34:25.123' }, 'payment.card'],
    ['a small number', { payment: 12345 }, 'payment.card'],
    ['what is masked already', { payment: masked }, 'payment.card'],
    ['an empty Map', { payment: new Map() }, 'payment.card'],
    ['a Map without it', { payment: new Map([['id', 'a']]) }, 'payment.card'],
  ])('hands on %s as it is', async (_, value, path) => {
    expect(await handedOn(value, path)).toEqual(value);
  });

  test('masks both of a union where it is given both paths, in either order', async () => {
    const both = ['payment.card', 'payment.*.card'];
    for (const paths of [both, both.toReversed()]) {
      expect(await handedOn({ payment: { card: raw } }, paths)).toEqual({ payment: { card: masked } });
      expect(await handedOn({ payment: [{ card: raw }] }, paths)).toEqual({ payment: [{ card: masked }] });
    }
  });

  test('nor does tokenize, which hands on its tokens', async () => {
    const seen: unknown[] = [];
    const run = async (value: unknown): Promise<unknown> => {
      const test = await testApp(
        app =>
          app
            .topic('in', { value: json(t.unknown) })
            .pipe(
              tokenize(['payment.card', 'payment.*.card'] as never, {
                key: Buffer.alloc(32, 1),
                optional: true,
              }),
            )
            .subscribe(app.each(record => void seen.push(record.value))),
        { policies: { process: 'skip' } },
      );
      test.pipeIn('in', [{ value: value as never }]);
      await test.idle();
      await test.stop();
      return seen.splice(0);
    };
    expect(await run({ payment: raw })).toEqual([]);
    expect(await run({ payment: [{ card: raw }] })).toEqual([
      { payment: [{ card: expect.stringMatching(/^[\w-]{43}$/) }] },
    ]);
  });
});
