import { json, KafkaRxError, memoryStore, readDeadLetter, string } from 'kafka-rx';
import { type TestAppOptions, testApp } from 'kafka-rx/testing';
import { MaskedPurchase, PurchasePattern, Reward } from '../../../demos/purchases/model.js';
import { historyOptions, purchases } from '../../../demos/purchases/topology.js';

test('a purchase is masked, makes a pattern and a reward, and is kept in the history', async () => {
  const history = memoryStore<MaskedPurchase>('history', historyOptions);
  const t = await testApp(app => purchases(app, history));
  const purchase = {
    customerId: 'c1',
    storeId: 's1',
    zipCode: '10003',
    item: 'Blue Train',
    department: 'Jazz',
    quantity: 2,
    price: 10.99,
    purchasedAt: '1997-01-02T10:00:00Z',
    cardNumber: '1234-5678-1234-1233',
  };

  t.pipeIn('transactions', [{ key: 'c1', value: purchase }]);

  const masked = { ...purchase, cardNumber: 'xxxx-xxxx-xxxx-1233' };
  const one = (key: string, value: unknown) => [expect.objectContaining({ key, value })];
  expect(t.read('purchases', { key: string, value: json(MaskedPurchase) })).toEqual(one('c1', masked));
  expect(t.read('patterns', { key: string, value: json(PurchasePattern) })).toEqual(
    one('10003', { zipCode: '10003', item: 'Blue Train', purchasedAt: purchase.purchasedAt, amount: 21.98 }),
  );
  expect(t.read('rewards', { key: string, value: json(Reward) })).toEqual(
    one('c1', { customerId: 'c1', amount: 21.98, points: 21 }),
  );
  expect(history.documents()).toMatchObject([{ value: masked }]);
  await t.stop();
});

const valid = {
  customerId: 'c1',
  storeId: 's1',
  zipCode: '10003',
  item: 'Blue Train',
  department: 'Jazz',
  quantity: 1,
  price: 1,
  purchasedAt: '1997-01-02T10:00:00Z',
  cardNumber: '4111111111111111',
};

async function start(options: TestAppOptions = {}) {
  const history = memoryStore<MaskedPurchase>('history', historyOptions);
  const t = await testApp(app => purchases(app, history), { commit: { every: 1 }, ...options });
  const buy = (...changes: object[]): void =>
    t.pipeIn(
      'transactions',
      changes.map(change => ({ value: { ...valid, ...change } })),
    );
  return { t, history, buy };
}

describe('the purchase topology', () => {
  test('runs in milliseconds', async () => {
    const began = process.cpuUsage();
    const { t, buy, history } = await start();
    buy(...Array.from({ length: 100 }, (_, i) => ({ customerId: `c${i}` })));
    expect(history.documents()).toHaveLength(100);
    await t.stop();
    const { user, system } = process.cpuUsage(began);
    expect((user + system) / 1000).toBeLessThan(1000);
  });

  test.each([
    ['1234-5678-1234-1233', 'xxxx-xxxx-xxxx-1233'],
    ['4111111111111111', 'xxxxxxxxxxxx1111'],
    ['3782 822463 10005', 'xxxx xxxxxx x0005'],
    ['4222222222222', 'xxxxxxxxx2222'],
    ['6304-0000-0000-0000-000', 'xxxx-xxxx-xxxx-xxx0-000'],
  ])(
    'masks %s as %s in the topic and the history, and lets no digit of it out anywhere',
    async (card, masked) => {
      const { t, buy, history } = await start();
      buy({ cardNumber: card });
      const [written] = t.read('purchases', { value: json(MaskedPurchase) });
      expect([written?.value.cardNumber, history.documents()[0]?.value.cardNumber]).toEqual([masked, masked]);
      const hidden = card.replaceAll(/\D/g, '').slice(0, -4);
      for (const topic of ['purchases', 'patterns', 'rewards']) {
        for (const { key, value, headers } of t.broker.records(topic)) {
          const bytes = `${key} ${value} ${JSON.stringify(headers)}`.replaceAll(/[ -]/g, '');
          expect(bytes).not.toContain(hidden);
        }
      }
    },
  );

  test.each([
    [3, 0.335, 1.01, 1],
    [1, 1.005, 1.01, 1],
    [2, 10.38, 20.76, 20],
    [1, 0, 0, 0],
    [1, 0.995, 1, 1],
    [7, 142.857142, 1000, 1000],
  ])('%d pieces at %d are an amount of %d and %d points', async (quantity, price, amount, points) => {
    const { t, buy } = await start();
    buy({ quantity, price });
    expect(t.read('patterns', { value: json(PurchasePattern) })[0]?.value.amount).toBe(amount);
    expect(t.read('rewards', { value: json(Reward) })[0]?.value).toEqual({
      customerId: 'c1',
      amount,
      points,
    });
  });

  test('keys rewards and purchases by customer, patterns by zip code', async () => {
    const { t, buy } = await start({ partitions: 4 });
    buy({ customerId: 'a', zipCode: '1' }, { customerId: 'b', zipCode: '2' });
    const keys = (topic: string) =>
      t
        .read(topic, { key: string, value: string })
        .map(({ key }) => key)
        .sort();
    expect([keys('patterns'), keys('rewards'), keys('purchases')]).toEqual([
      ['1', '2'],
      ['a', 'b'],
      ['a', 'b'],
    ]);
  });

  test('finds a customer’s purchases by the time of purchase, whatever the records’ own time', async () => {
    const { t, buy, history } = await start();
    await t.idle();
    const days = ['1997-01-03', '1997-01-01', '1997-01-02'].map(day => ({
      purchasedAt: `${day}T12:00:00Z`,
      item: day,
    }));
    buy(...days, { customerId: 'other' });
    const found = async (range: { from?: Date; to?: Date }) => {
      const items: string[] = [];
      for await (const { value } of history.by('customer', 'c1', range)) items.push(value.item);
      return items;
    };
    const noon = (day: number) => new Date(Date.UTC(1997, 0, day, 12));
    expect(await found({})).toEqual(['1997-01-01', '1997-01-02', '1997-01-03']);
    expect(await found({ from: noon(2) })).toEqual(['1997-01-02', '1997-01-03']);
    expect(await found({ from: noon(1), to: noon(3) })).toEqual(['1997-01-01', '1997-01-02']);
  });

  test.each([
    ['no JSON', '{'],
    ['a tombstone', null],
    ['a field that is missing', { ...valid, customerId: undefined }],
    ['a quantity of 0', { ...valid, quantity: 0 }],
    ['a quantity of one and a half', { ...valid, quantity: 1.5 }],
    ['a price below 0', { ...valid, price: -1 }],
    ['a time that is none', { ...valid, purchasedAt: 'yesterday' }],
    ['a time without an offset', { ...valid, purchasedAt: '1997-01-02T10:00:00' }],
    ['a card number that is too short', { ...valid, cardNumber: '411111111111' }],
    ['a card number that is too long', { ...valid, cardNumber: '41111111111111111111' }],
  ])(
    '%s fails by default, is skipped or becomes a dead letter, and its value shows nowhere',
    async (_what, bad) => {
      const records = [{ value: valid }, { value: bad }, { value: valid }];
      const failing = await start();
      let error: unknown;
      try {
        failing.t.pipeIn('transactions', records);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(KafkaRxError);
      expect(error).toMatchObject({ code: 'DECODE', at: { topic: 'transactions', partition: 0, offset: 1 } });
      expect(String(error)).not.toContain('4111');
      await failing.t.idle();
      expect(failing.t.committed('transactions')).toEqual([1]);

      const skipping = await start({ policies: { decode: 'skip' } });
      skipping.t.pipeIn('transactions', records);
      await skipping.t.idle();
      expect([skipping.history.documents().length, skipping.t.committed('transactions')]).toEqual([2, [3]]);

      const dead = await start({ policies: { decode: 'dead-letter' }, deadLetters: { topic: 'dead' } });
      dead.t.pipeIn('transactions', records);
      await dead.t.idle();
      const [letter] = dead.t.broker.records('dead');
      expect(readDeadLetter(letter?.headers ?? [])).toMatchObject({
        at: { topic: 'transactions', offset: 1 },
        reason: 'DECODE',
        payload: typeof bad === 'object' && bad !== null ? 'redacted' : 'none',
      });
      expect(String(letter?.value)).not.toMatch(/4111|1111/);
      expect(dead.t.committed('transactions')).toEqual([3]);
    },
  );

  test('strips what the model does not declare', async () => {
    const { t, buy } = await start();
    buy({ pin: '1234' });
    expect(String(t.broker.records('purchases')[0]?.value)).not.toContain('pin');
  });
});
