/** A small topology with the library handed in, so that ESM, CommonJS and a mix of both run the same. */
const t = require('io-ts');
const { share } = require('rxjs');

module.exports = async function masking({ json, mask, testApp, CardNumber, MaskedCardNumber }) {
  const Purchase = t.strict({ customerId: t.string, cardNumber: CardNumber });
  const Masked = t.strict({ customerId: t.string, cardNumber: MaskedCardNumber });

  const test = await testApp(app => {
    const masked = app.topic('transactions', { value: json(Purchase) }).pipe(mask('cardNumber'), share());
    masked.subscribe(app.to('purchases', { keyBy: p => p.customerId, value: json(Masked) }));
    masked.subscribe(app.to('audit', { keyBy: p => p.cardNumber, value: json(Masked) }));
  });
  const value = { customerId: 'c1', cardNumber: '1234-5678-1234-1233' };
  test.pipeIn('transactions', [{ key: 'c1', value }]);
  await test.idle();
  const read = topic =>
    test.read(topic, { value: json(Masked) }).map(record => [String(record.key), record.value.cardNumber]);
  const result = { purchases: read('purchases'), audit: read('audit') };
  await test.stop();
  return { ...result, committed: test.committed('transactions') };
};
