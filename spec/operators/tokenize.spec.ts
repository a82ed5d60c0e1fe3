import { createHmac, createSecretKey, generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import * as t from 'io-ts';
import { share } from 'rxjs';
import type { TokenKey } from '../../lib/card/card-token.js';
import { json } from '../../lib/codecs/json.js';
import { deliver, marbles, testApp } from '../../lib/testing/index.js';
import { mask } from '../../operators/mask.js';
import { tokenize } from '../../operators/tokenize.js';
import { numbered } from './numbered.js';
import { synchronousContract } from './synchronous-contract.js';

const key = Buffer.alloc(32, 7);
const token = createHmac('sha256', key).update('kafka-rx card token 1:4111111111111111').digest('base64url');
const cards = (card: unknown) => numbered({ id: 'x', card: card as string });

describe('tokenize', () => {
  synchronousContract<{ card: string }>({
    operator: options => tokenize('card', { ...options, key }),
    name: 'tokenize(card)',
    good: { card: '1234-5678-1234-1233' },
    bad: { card: 'no card' },
  });

  test.each([
    ['4111111111111111', token],
    ['4111-1111-1111-1111', token],
    ['4111 1111 1111 1111', token],
    ['４１１１１１１１１１１１１１１１', token],
    [4111111111111111, token],
    [null, null],
    [undefined, undefined],
  ])('%s goes on as %s', (card, expected) =>
    marbles(expect)(({ hot, expectObservable }) => {
      const source = hot('--a--|', cards(card));
      const result = '    --a--|';
      expectObservable(source.pipe(tokenize('card', { key }))).toBe(result, cards(expected));
    }),
  );

  test('a token fits into names and URLs, and has one length', () => {
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  test.each([
    'xxxx-xxxx-xxxx-1111',
    '411111111111',
    '41111111111111111111',
    '',
    token,
    '4111--1111--1111--1111',
  ])('what is no card number gets no token, and its error does not say it: %j', text =>
    marbles(expect)(({ hot, expectObservable, flush }) => {
      const delivered = deliver(hot('--a--|', cards(text)));
      expectObservable(delivered.records$.pipe(tokenize('card', { key }))).toBe('-----|');
      flush();
      expect(delivered.failures).toMatchObject([{ code: 'PROCESS' }]);
      if (text !== '') expect(inspect(delivered.failures)).not.toContain(text);
    }),
  );

  test('the key may be bytes, a KeyObject or in the environment; each other key gives other tokens', () => {
    process.env['SPEC_TOKEN_KEY'] = key.toString('base64');
    try {
      const others: string[] = [];
      marbles(expect)(({ hot, expectObservable }) => {
        const source = hot('--a--|', cards('4111111111111111'));
        for (const same of [key, new Uint8Array(key), createSecretKey(key), { env: 'SPEC_TOKEN_KEY' }]) {
          expectObservable(source.pipe(tokenize('card', { key: same }))).toBe('--a--|', cards(token));
        }
        source
          .pipe(tokenize('card', { key: Buffer.alloc(32, 8) }))
          .subscribe(({ value }) => void others.push(value.card));
      });
      expect(others).toEqual([expect.stringMatching(/^[\w-]{43}$/)]);
      expect(others).not.toContain(token);
    } finally {
      delete process.env['SPEC_TOKEN_KEY'];
    }
  });

  test.each<[string, TokenKey, string | undefined]>([
    ['short', Buffer.alloc(31, 'hush'), undefined],
    ['a short KeyObject', createSecretKey(Buffer.alloc(31, 'hush')), undefined],
    ['public', generateKeyPairSync('ed25519').publicKey, undefined],
    ['not there', { env: 'SPEC_TOKEN_KEY' }, undefined],
    ['empty', { env: 'SPEC_TOKEN_KEY' }, ''],
    ['not base64', { env: 'SPEC_TOKEN_KEY' }, 'hush hush hush hush hush hush hush hush hush'],
    ['short in the environment', { env: 'SPEC_TOKEN_KEY' }, 'aHVzaA=='],
  ])('a key that is %s is refused when the topology is wired, without being said', (_, bad, text) => {
    if (text !== undefined) process.env['SPEC_TOKEN_KEY'] = text;
    let error: unknown;
    try {
      tokenize('card' as never, { key: bad });
    } catch (thrown) {
      error = thrown;
    } finally {
      delete process.env['SPEC_TOKEN_KEY'];
    }
    expect(error).toMatchObject({ code: 'CONFIGURATION' });
    expect(inspect(error)).not.toMatch(/hush|aHVzaA/);
  });

  test('sinks take the token, also beside a branch that masks the card, and refuse the card', async () => {
    const Order = t.strict({ card: t.string });
    const wire = (raw: boolean) =>
      testApp(app => {
        const source = app.topic('in', { value: json(Order) }).pipe(share());
        source.pipe(tokenize('card', { key })).subscribe(app.to('tokens', { value: json(Order) }));
        source.pipe(mask('card')).subscribe(app.to('masked', { value: json(Order) }));
        if (raw) source.subscribe(app.to('raw', { value: json(Order) }));
      });
    const order = { key: 'a', value: { card: '4111111111111111' } };
    const right = await wire(false);
    right.pipeIn('in', [order]);
    await right.idle();
    expect(right.read('tokens', { value: json(Order) })).toMatchObject([{ value: { card: token } }]);
    await right.stop();
    const wrong = await wire(true);
    expect(() => wrong.pipeIn('in', [order])).toThrow("the field 'card' unmasked");
    await expect(wrong.stop()).rejects.toMatchObject({ code: 'GUARD' });
  });
});
