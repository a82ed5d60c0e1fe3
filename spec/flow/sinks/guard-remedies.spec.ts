/** mask changes the value alone: of what lies elsewhere, a sink that refuses it says where it lies and what can be done there. */

import * as t from 'io-ts';
import { type App, isKafkaRxError, json, type KafkaRecord, memoryStore } from 'kafka-rx';
import { mask } from 'kafka-rx/operators';
import { testApp } from 'kafka-rx/testing';
import type { Observable } from 'rxjs';

const raw = '4111111111111111';
const Paid = t.strict({ card: t.string, note: t.string });
const value = json(t.strict({ card: t.unknown, note: t.string }));
type Masked = Observable<KafkaRecord<Buffer | null, { readonly card: unknown; readonly note: string }>>;
const header = (key: string) => [{ key, value: Buffer.from(raw) }];
const deep = `${'['.repeat(5000)}{"card":"${raw}"}${']'.repeat(5000)}`;

const cases: readonly [string, (paid: Masked, app: App) => unknown, string, RegExp, string?][] = [
  ['key', (paid, app) => paid.subscribe(app.to('out', { value, keyBy: () => raw })), 'in the key', /keyBy/],
  [
    'header of the name',
    (paid, app) => paid.subscribe(app.to('out', { value, headers: () => header('card') })),
    'in a header',
    /'headers'/,
  ],
  [
    'other header',
    (paid, app) => paid.subscribe(app.to('out', { value, headers: () => header('other') })),
    'in a header',
    /'headers'/,
  ],
  [
    'name of a header',
    (paid, app) => paid.subscribe(app.to('out', { value, headers: () => [{ key: raw, value: null }] })),
    'in a header',
    /'headers'/,
  ],
  [
    'timestamp',
    (paid, app) => paid.subscribe(app.to('out', { value, timestamp: () => Number(raw) })),
    'in the timestamp',
    /'timestamp'/,
  ],
  [
    'id of a document',
    (paid, app) => paid.subscribe(app.store(memoryStore('s', { id: () => raw }))),
    'in what the store files a document under',
    /'id'.*'by'/,
  ],
  ['depth', (paid, app) => paid.subscribe(app.to('out', { value })), 'deeper', /Nest it less/, deep],
];

describe.each([false, true])('with scan: %p', scan => {
  test.each(cases)('%s', async (_, wire, where, remedy, note = '') => {
    const test = await testApp(
      app => void wire(app.topic('in', { value: json(Paid) }).pipe(mask('card')) as Masked, app),
      { guard: { scan } },
    );
    let error: unknown;
    try {
      test.pipeIn('in', [{ value: { card: raw, note } }]);
      await test.idle();
      await test.stop();
    } catch (thrown) {
      error = thrown;
    }
    await test.stop().catch(() => {});
    if (!isKafkaRxError(error)) throw new Error('the app did not fail', { cause: error });
    expect(error).toMatchObject({ code: 'GUARD', at: { topic: 'in', offset: 0 } });
    expect(error.message).toContain(where);
    expect(error.message).not.toContain(raw);
    expect(error.remedy).toMatch(remedy);
    expect(error.remedy).not.toMatch(/Put mask/);
  });

  test('key of what nothing masks', async () => {
    const test = await testApp(
      app =>
        void app
          .topic('in', { value: json(Paid) })
          .subscribe(app.to('out', { value: json(t.strict({ note: t.string })), keyBy: () => raw })),
      { guard: { scan: true } },
    );
    expect(() => test.pipeIn('in', [{ value: { card: raw, note: '' } }])).toThrow(
      expect.objectContaining({ code: 'GUARD', remedy: expect.stringMatching(/keyBy/) }),
    );
    await test.stop().catch(() => {});
  });
});
