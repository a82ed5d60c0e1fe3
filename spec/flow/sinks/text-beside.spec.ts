/** Of a field that a pattern masks, what stands beside the value must not tell what the value hides. */

import * as t from 'io-ts';
import { type App, isKafkaRxError, json, type KafkaRecord, memoryStore, string } from 'kafka-rx';
import { type MaskOptions, mask } from 'kafka-rx/operators';
import { testApp } from 'kafka-rx/testing';
import type { Observable } from 'rxjs';

const iban = 'MT84MALT011000012345MTLCAST001S';
const Account = t.strict({ iban: t.string, note: t.string });
const value = json(Account);
type Masked = Observable<KafkaRecord<string, t.TypeOf<typeof Account>>>;

async function failureOf(
  wire: (accounts: Masked, app: App) => unknown,
  { field = iban, key = iban, note = '', pattern = /^(..).*(.{4})$/ as MaskOptions['pattern'] } = {},
): Promise<unknown> {
  const test = await testApp(
    app => void wire(app.topic('in', { key: string, value }).pipe(mask('iban', { pattern })) as Masked, app),
  );
  try {
    test.pipeIn('in', [{ key, value: { iban: field, note } }]);
    await test.idle();
    await test.stop();
    return undefined;
  } catch (error) {
    await test.stop().catch(() => {});
    return error;
  }
}

const withKey = (accounts: Masked, app: App): unknown =>
  accounts.subscribe(app.to('out', { key: string, value }));
const keyedBy =
  (key: string) =>
  (accounts: Masked, app: App): unknown =>
    accounts.subscribe(app.to('out', { value, key: string, keyBy: () => key }));

describe('a sink refuses', () => {
  const headers = () => [{ key: 'account', value: Buffer.from(iban) }];
  const Id = t.strict({ id: t.string });
  const cases: readonly [string, (accounts: Masked, app: App) => unknown, string, RegExp][] = [
    ['the key of the input', withKey, 'in the key', /keyBy.*mapKey/],
    ['a key', keyedBy(iban), 'in the key', /keyBy.*mapKey/],
    [
      'a key as JSON text',
      (accounts, app) => accounts.subscribe(app.to('out', { value, key: json(t.string), keyBy: () => iban })),
      'in the key',
      /keyBy/,
    ],
    [
      'a key with it in JSON',
      (accounts, app) =>
        accounts.subscribe(app.to('out', { value, key: json(Id), keyBy: () => ({ id: iban }) })),
      'in the key',
      /keyBy/,
    ],
    [
      'a header of another name',
      (accounts, app) => accounts.subscribe(app.to('out', { value, keyBy: () => null, headers })),
      'in a header',
      /'headers'/,
    ],
    [
      'the id of a document',
      (accounts, app) => accounts.subscribe(app.store(memoryStore('s', { id: () => iban }))),
      'in what the store files a document under',
      /'id'.*'by'/,
    ],
  ];
  test.each(cases)('the text that its value shows masked: %s', async (_, wire, where, remedy) => {
    const error = await failureOf(wire);
    if (!isKafkaRxError(error)) throw new Error('the app did not fail', { cause: error });
    expect(error).toMatchObject({ code: 'GUARD', path: 'iban', at: { topic: 'in', offset: 0 } });
    expect(error.message).toContain(where);
    expect(error.message).not.toContain(iban);
    expect(error.remedy).toMatch(remedy);
  });

  test('what a function of the user has masked', async () => {
    const pattern = (text: string): string => (text.endsWith('***') ? text : `${text.slice(0, 6)}***`);
    expect(await failureOf(withKey, { pattern })).toMatchObject({ code: 'GUARD' });
  });

  test('a field by its name, in a key however short', async () => {
    const short = keyedBy('{"iban":"4"}');
    expect(await failureOf(short)).toMatchObject({ code: 'GUARD', path: 'iban' });
  });
});

describe('a sink takes', () => {
  test.each([
    ['another key', keyedBy('account-17'), {}],
    ['the masked text', keyedBy('MTxxxxxxxxxxxxxxxxxxxxxxxxx001S'), {}],
    ['a key of the same length, where all is masked', withKey, { field: '9876', key: '1234', pattern: /^x/ }],
    [
      'a key of the same form, where little is left',
      withKey,
      { field: 'c-17', key: 'c-27', pattern: /^(c-).*(.)$/ },
    ],
    ['text that the value shows as well', withKey, { note: `of ${iban}` }],
  ])('%s', async (_, wire, given) => expect(await failureOf(wire, given)).toBeUndefined());

  test('a key that the pattern of the user does not take', async () => {
    const pattern = (text: string): string => {
      if (!text.startsWith('MT')) throw new Error('no IBAN');
      return `MT${'x'.repeat(text.length - 2)}`;
    };
    expect(await failureOf(keyedBy('account-17'), { pattern })).toBeUndefined();
  });
});
