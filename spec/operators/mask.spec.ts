import * as t from 'io-ts';
import { type Observable, share } from 'rxjs';
import type { App } from '../../lib/app/interface.js';
import type { MaskPattern } from '../../lib/card/mask-pattern.js';
import { json } from '../../lib/codecs/json.js';
import type { KafkaRecord } from '../../lib/record/record.js';
import { deliver, marbles, testApp } from '../../lib/testing/index.js';
import { filterValue } from '../../operators/filterValue.js';
import { mapKey } from '../../operators/mapKey.js';
import { mask } from '../../operators/mask.js';
import { peek } from '../../operators/peek.js';
import { share as ourShare } from '../../operators/share.js';
import { numbered } from './numbered.js';
import { synchronousContract } from './synchronous-contract.js';

const cards = (card: unknown) => numbered({ id: 'x', card: card as string });

describe('mask', () => {
  synchronousContract<{ card: string | Record<string, never> }>({
    operator: options => mask('card' as never, options),
    name: 'mask(card)',
    good: { card: '1234-5678-1234-1233' },
    // An object at the end of a path cannot be masked and must not go on.
    bad: { card: {} },
  });

  test.each([
    ['1234-5678-1234-1233', 'xxxx-xxxx-xxxx-1233'],
    ['1234567812341233', 'xxxxxxxxxxxx1233'],
    ['378282246310005', 'xxxxxxxxxxx0005'],
    ['1234 567812 34123', 'xxxx xxxxxx x4123'],
    [1234567812341233, 'xxxxxxxxxxxx1233'],
    [null, null],
    [undefined, undefined],
  ])('%s goes on as %s', (card, masked) =>
    marbles(expect)(({ hot, expectObservable }) => {
      const source = hot('--a--|', cards(card));
      const result = '    --a--|';
      expectObservable(source.pipe(mask('card'))).toBe(result, cards(masked));
    }),
  );

  test('no path at all is refused: it would mask nothing', () => {
    expect(() => mask([] as never[])).toThrow(expect.objectContaining({ code: 'CONFIGURATION' }));
  });

  test('masking twice changes nothing', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      const source = hot('--a--|', cards('4111-1111-1111-1111'));
      const result = '    --a--|';
      expectObservable(source.pipe(mask('card'), mask('card'))).toBe(result, cards('xxxx-xxxx-xxxx-1111'));
    }));

  test('several paths, through arrays and optional parts; the rest is shared, the source untouched', () =>
    marbles(expect)(({ hot, expectObservable, flush }) => {
      interface Order {
        main: string;
        lines: { card: string; text: string }[];
        note: { deep: number };
        gift?: { card: string };
      }
      const order: Order = {
        main: '4111111111111111',
        lines: [{ card: '5555-5555-5555-4444', text: 't' }],
        note: { deep: 1 },
      };
      const seen: unknown[] = [];
      const source = hot('--a--|', numbered(order));
      source.pipe(mask(['main', 'lines.*.card', 'gift.card'], { optional: true })).subscribe(({ value }) => {
        seen.push(value, value.note === order.note);
      });
      expectObservable(source).toBe('--a--|', numbered(order));
      flush();
      expect(seen).toEqual([
        { main: 'xxxxxxxxxxxx1111', lines: [{ card: 'xxxx-xxxx-xxxx-4444', text: 't' }], note: { deep: 1 } },
        true,
      ]);
      expect(order.main).toBe('4111111111111111');
    }));

  test('what cannot be masked does not go on, and its error says the path and no value', () =>
    marbles(expect)(({ hot, expectObservable, flush }) => {
      const delivered = deliver(hot('--a--|', cards({ number: '4111111111111111' })));
      expectObservable(delivered.records$.pipe(mask('card'))).toBe('-----|');
      flush();
      expect(delivered.failures).toMatchObject([{ code: 'PROCESS' }]);
      expect(delivered.failures[0]?.message).not.toContain('4111');
      expect(delivered.settled).toEqual([]);
    }));

  describe('a misspelt path, where no compiler looks', () => {
    const Sale = t.strict({ id: t.string, payment: t.partial({ card: t.string }) });
    const wired = (
      path: string,
      keep = (sales$: Observable<KafkaRecord>): Observable<KafkaRecord> => sales$,
    ) =>
      testApp(app =>
        keep(app.topic('in', { value: json(Sale) }))
          .pipe(mask(path as never))
          .subscribe(app.to('out', { value: json(Sale), keyBy: () => null }) as never),
      );

    test('is refused while wiring, by name and with what is there, if the source declares its fields', async () => {
      await expect(wired('payment.crad')).rejects.toMatchObject({
        code: 'CONFIGURATION',
        path: 'payment.crad',
        message: expect.stringMatching(/'payment\.crad'.*what is declared there: card/),
      });
      await expect(wired('paymnt.card')).rejects.toThrow('id, payment');
      await expect(wired('payment.*.card')).rejects.toThrow('no field');
      const kept = (sales$: Observable<KafkaRecord>) =>
        sales$.pipe(
          filterValue(() => true),
          peek(() => {}),
          mapKey(() => null),
          mask('id' as never),
          ourShare(),
        );
      await expect(wired('payment.crad', kept)).rejects.toThrow("no field 'payment.crad'");
      // What may be missing by its type may be missing.
      const test = await wired('payment.card', kept);
      test.pipeIn('in', [{ value: { id: 'a', payment: {} } }]);
      expect(test.broker.records('out')).toHaveLength(1);
    });

    const ran = async (
      values: readonly unknown[],
      path: string,
      options?: { readonly optional: boolean },
    ) => {
      const test = await testApp(
        app =>
          app
            .topic('in', { value: json(t.unknown) })
            .pipe(mask(path as never, options))
            .subscribe(app.to('out', { value: json(t.unknown), keyBy: () => null }) as never),
        { policies: { process: 'skip' } },
      );
      test.pipeIn(
        'in',
        values.map(value => ({ value: value as never })),
      );
      return test.broker.records('out').map(({ value }) => JSON.parse(String(value)));
    };

    test('is otherwise a problem of each record, until one has the field', async () => {
      const sale = { id: 'a', card: '4111111111111111' };
      expect(await ran([sale, sale], 'crad')).toEqual([]);
      expect(await ran([{ id: 'a' }, sale, { id: 'b' }], 'card')).toEqual([
        { id: 'a', card: 'xxxxxxxxxxxx1111' },
        { id: 'b' },
      ]);
      // Nothing there of which a field could be missing.
      const empty = [{ cards: [] }, { cards: null }];
      expect(await ran([...empty, { cards: [{ no: 1 }] }], 'cards.*.number')).toEqual(empty);
      expect(await ran([{ by: { x: { n: sale.card } } }], 'by.*.n')).toEqual([
        { by: { x: { n: 'xxxxxxxxxxxx1111' } } },
      ]);
    });

    test('passes where it is said that the field may be missing', async () => {
      expect(await ran([{ id: 'a' }], 'card', { optional: true })).toEqual([{ id: 'a' }]);
    });
  });

  test.each(['', 'a..b', '__proto__.x'])('refuses the path %j when the topology is wired', path => {
    // What a caller without types may pass.
    expect(() => mask(path as never)).toThrow(expect.objectContaining({ code: 'CONFIGURATION' }));
  });

  const email = /^(.).*(@.+)$/;
  const account = /^(..)(?:.*)(.{4})$/;

  test.each<[string, MaskPattern, unknown, unknown]>([
    ['the groups stay', email, 'ann@example.org', 'axx@example.org'],
    [
      'digits and letters of any script go',
      account,
      'DE89 3704 0044 0532 0130 00',
      'DExx xxxx xxxx xxxx xxx0 00',
    ],
    ['what it does not match loses all', email, '+49 170 1234', '+xx xxx xxxx'],
    ['so does what would not be masked alike again', /^([0-9]{2})[0-9]+$/, '12345', 'xxxxx'],
    ['groups that took no part, or lie in one another', /^((a)b|c)?(d)?.*$/, 'abdef', 'abdxx'],
    ['flags that would make it remember are left out', /^(.)/gy, 'abc', 'axx'],
    ['a number becomes text', /(.{2})$/, 12345, 'xxx45'],
    ['missing stays missing', email, undefined, undefined],
    ['a function', text => text.replace(/[^@]/g, '*'), 'a@b', '*@*'],
  ])('a pattern of its own: %s', (_, pattern, text, masked) =>
    marbles(expect)(({ hot, expectObservable }) => {
      const source = hot('--a--|', cards(text));
      const result = '    --a--|';
      expectObservable(source.pipe(mask('card', { pattern }))).toBe(result, cards(masked));
      expectObservable(source.pipe(mask('card', { pattern }), mask('card', { pattern }))).toBe(
        result,
        cards(masked),
      );
    }),
  );

  test('a pattern that gives no text lets nothing on', () =>
    marbles(expect)(({ hot, expectObservable, flush }) => {
      const delivered = deliver(hot('--a--|', cards('ann@example.org')));
      // What a caller without types may pass.
      const pattern = (() => undefined) as never;
      expectObservable(delivered.records$.pipe(mask('card', { pattern }))).toBe('-----|');
      flush();
      expect(delivered.failures).toMatchObject([{ code: 'PROCESS' }]);
      expect(delivered.failures[0]?.message).not.toContain('ann');
    }));

  test('every sink refuses what a pattern masks unmasked, and takes it masked, digits or not', async () => {
    const Customer = t.strict({ email: t.string });
    const run = (
      topology: (source: Observable<KafkaRecord<Buffer | null, { email: string }>>, app: App) => void,
    ) =>
      testApp(app => {
        const source = app.topic('in', { value: json(Customer) }).pipe(share());
        source.pipe(mask('email', { pattern: email })).subscribe(app.to('masked', { value: json(Customer) }));
        topology(source, app);
      });
    const ann = { key: 'a', value: { email: 'ann12345@12345.org' } };
    const right = await run(() => {});
    right.pipeIn('in', [ann]);
    await right.idle();
    expect(right.read('masked', { value: json(Customer) })).toMatchObject([
      { value: { email: 'axxxxxxx@12345.org' } },
    ]);
    const wrong = await run((source, app) => source.subscribe(app.to('raw', { value: json(Customer) })));
    expect(() => wrong.pipeIn('in', [ann])).toThrow("the field 'email' unmasked");
    await expect(wrong.stop()).rejects.toMatchObject({ code: 'GUARD', path: 'email' });
    expect(wrong.broker.records('raw')).toEqual([]);
  });

  test('every sink of the app refuses the masked fields unmasked from then on', async () => {
    const Order = t.strict({ card: t.string });
    const seen: string[] = [];
    const tested = await testApp(app => {
      const source = app.topic('in', { value: json(Order) });
      source.pipe(mask('card')).subscribe(app.each(({ value }) => void seen.push(value.card)));
      source.subscribe(app.to('raw', { value: json(Order) }));
    });
    expect(() => tested.pipeIn('in', [{ value: { card: '4111111111111111' } }])).toThrow('unmasked');
    await expect(tested.stop()).rejects.toMatchObject({ code: 'GUARD' });
    expect(seen).toEqual(['xxxxxxxxxxxx1111']);
    expect(tested.committed('in')).toEqual([-1]);
  });
});
