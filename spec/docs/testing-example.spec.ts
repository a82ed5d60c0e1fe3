// docs:begin
import * as t from 'io-ts';
import { type App, type DocumentStore, json, memoryStore, string } from 'kafka-rx';
import { CardNumber, MaskedCardNumber } from 'kafka-rx/io-ts';
import { mask, project, share } from 'kafka-rx/operators';
import { testApp } from 'kafka-rx/testing';

const Purchase = t.strict({ customerId: t.string, price: t.number, cardNumber: CardNumber });
const MaskedPurchase = t.strict({ customerId: t.string, price: t.number, cardNumber: MaskedCardNumber });
type MaskedPurchase = t.TypeOf<typeof MaskedPurchase>;
const Reward = t.strict({ customerId: t.string, points: t.number });

function purchases(app: App, history: DocumentStore<MaskedPurchase>): void {
  const masked = app.topic('transactions', { value: json(Purchase) }).pipe(mask('cardNumber'), share());
  masked
    .pipe(project(({ customerId, price }) => ({ customerId, points: Math.floor(price) })))
    .subscribe(app.to('rewards', { keyBy: reward => reward.customerId, value: json(Reward) }));
  masked.subscribe(app.store(history));
}

test('a purchase makes a reward, and is kept masked', async () => {
  const history = memoryStore<MaskedPurchase>('history');
  const app = await testApp(app => purchases(app, history));
  const purchase = { customerId: 'c1', price: 10.99, cardNumber: '1234-5678-1234-1233' };

  app.pipeIn('transactions', [{ key: 'c1', value: purchase }]);

  expect(app.read('rewards', { key: string, value: json(Reward) })).toMatchObject([
    { key: 'c1', value: { customerId: 'c1', points: 10 } },
  ]);
  expect(history.documents()).toMatchObject([{ value: { ...purchase, cardNumber: 'xxxx-xxxx-xxxx-1233' } }]);
  await app.stop();
});
// docs:end
