/**
 * What every store must do, whatever it keeps documents in: `lib/stores/port.ts` as tests.
 */
import fc from 'fast-check';
import type { Codec } from '../../lib/codecs/codec.js';
import { isKafkaRxError } from '../../lib/errors.js';
import type { Document, Store, StoredDocument, StoreOptions, TimeRange } from '../../lib/stores/port.js';

export interface Sale {
  readonly customer: string;
  readonly at: number;
  readonly note: string;
}

export interface StoreUnderTest {
  readonly store: Store<Sale>;
  dispose(): Promise<void>;
}

export const saleCodec: Codec<Sale> = {
  name: 'json(Sale)',
  // JSON escapes lone surrogates, so that every string comes back.
  encode: sale => Buffer.from(JSON.stringify(sale)),
  decode: bytes => JSON.parse(String(bytes)),
};

export const saleIndexes: StoreOptions<Sale> = {
  customer: sale => sale.customer,
  time: sale => new Date(sale.at),
};

export const origin = 'cluster-1/topic-1';

export function sale(
  offset: number,
  customer: string,
  at: number,
  source: Partial<Document<Sale>['source']> = {},
) {
  return {
    source: { origin, partition: 0, offset, ordinal: '', ...source },
    timestamp: 1,
    value: { customer, at, note: `${customer}@${at}` },
  } satisfies Document<Sale>;
}

export async function all<T>(documents: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const document of documents) found.push(document);
  return found;
}

const ids = (documents: readonly StoredDocument<Sale>[]) => documents.map(({ id }) => id);
const offsets = (documents: readonly StoredDocument<Sale>[]) =>
  documents.map(({ id }) => Number(id.split('/').at(-1)?.split('.')[0]));

/** Customers that a careless key would mix up. */
export const oddCustomers = [
  '',
  'a',
  'ab',
  'a\0',
  'a\0b',
  '\0',
  'b\n',
  'é',
  'e\u0301',
  '🧾',
  '\ud800',
  '\udbff',
  '\udc00',
  '\ufffd',
  'x'.repeat(255),
  'x'.repeat(256),
  'x'.repeat(257),
  `${'x'.repeat(3000)}1`,
  `${'x'.repeat(3000)}2`,
  '🧾'.repeat(128),
  '漢'.repeat(256),
  '漢'.repeat(257),
];

export function describeStoreContract(
  name: string,
  setup: (options: StoreOptions<Sale>) => Promise<StoreUnderTest>,
): void {
  describe(`the store contract: ${name}`, () => {
    let under: StoreUnderTest;
    let store: Store<Sale>;
    const start = async (options: StoreOptions<Sale> = saleIndexes) => {
      await under?.dispose();
      under = await setup(options);
      store = under.store;
      await store.open();
    };
    beforeEach(() => start());
    afterEach(() => under.dispose());

    describe('writing', () => {
      it('keeps what a resolved write held', async () => {
        await store.write([sale(0, 'ann', 10), sale(1, 'bob', 20)]);
        expect(await store.get(`${origin}/0/0`)).toEqual({
          id: `${origin}/0/0`,
          value: { customer: 'ann', at: 10, note: 'ann@10' },
          time: 10,
        });
        expect(await store.count()).toBe(2);
      });

      it('makes the same document once, however often it is written', async () => {
        const documents = [sale(0, 'ann', 10), sale(1, 'ann', 20)];
        for (let i = 0; i < 3; i++) await store.write(documents);
        await store.write([...documents, ...documents]);
        expect(offsets(await all(store.byCustomer('ann')))).toEqual([0, 1]);
        expect(offsets(await all(store.byTime()))).toEqual([0, 1]);
        expect(await store.count()).toBe(2);
      });

      it('finds a document that was written again under its new customer and time only', async () => {
        await store.write([sale(0, 'ann', 10), sale(1, 'ann', 20)]);
        await store.write([sale(0, 'bob', 30)]);
        expect(offsets(await all(store.byCustomer('ann')))).toEqual([1]);
        expect(offsets(await all(store.byCustomer('bob')))).toEqual([0]);
        expect(offsets(await all(store.byTime()))).toEqual([1, 0]);
        expect((await store.get(`${origin}/0/0`))?.value.customer).toBe('bob');
        await store.write([sale(0, 'bob', 5), sale(0, 'cid', 6)]);
        expect(await all(store.byCustomer('bob'))).toEqual([]);
        expect(offsets(await all(store.byTime()))).toEqual([0, 1]);
        expect(await store.count()).toBe(2);
      });

      it('keeps the last value of a document', async () => {
        await store.write([sale(0, 'ann', 10)]);
        const again = sale(0, 'ann', 10);
        await store.write([{ ...again, value: { ...again.value, note: 'corrected' } }]);
        expect((await all(store.byCustomer('ann'))).map(({ value }) => value.note)).toEqual(['corrected']);
      });

      it('keeps apart the same partition and offset of another origin', async () => {
        await store.write([sale(0, 'ann', 10), sale(0, 'ann', 11, { origin: 'cluster-1/topic-2' })]);
        await store.write([sale(0, 'ann', 12, { origin: 'cluster-1/topic-1/0/0' })]);
        expect(ids(await all(store.byCustomer('ann')))).toEqual([
          `${origin}/0/0`,
          'cluster-1/topic-2/0/0',
          'cluster-1/topic-1/0/0/0/0',
        ]);
      });

      it('keeps apart the documents of one record by their ordinals', async () => {
        const ordinals = ['', '.0', '.1', '.2', '.10', '.1.0', '.0.1'];
        await store.write(ordinals.map(ordinal => sale(0, 'ann', 10, { ordinal })));
        await store.write([sale(1, 'ann', 10), sale(10, 'ann', 10), sale(100, 'ann', 10)]);
        expect(await store.count()).toBe(ordinals.length + 3);
        expect(ids(await all(store.byTime()))).toEqual([
          ...['', '.0', '.0.1', '.1', '.1.0', '.2', '.10'].map(ordinal => `${origin}/0/0${ordinal}`),
          ...[1, 10, 100].map(offset => `${origin}/0/${offset}`),
        ]);
        for (const ordinal of ordinals) {
          expect((await store.get(`${origin}/0/0${ordinal}`))?.id).toBe(`${origin}/0/0${ordinal}`);
        }
      });

      it('takes the largest coordinates', async () => {
        const largest = sale(Number.MAX_SAFE_INTEGER, 'ann', 8.64e15, { partition: 0x7f_ff_ff_ff });
        await store.write([largest, sale(0x1_00_00_00_00, 'ann', -8.64e15)]);
        expect(ids(await all(store.byCustomer('ann')))).toEqual([
          `${origin}/0/4294967296`,
          `${origin}/2147483647/9007199254740991`,
        ]);
      });

      it('takes an empty batch', async () => {
        await store.write([]);
        expect(await store.count()).toBe(0);
      });

      it('takes large batches and large values', async () => {
        const many = Array.from({ length: 20_000 }, (_, i) => sale(i, `c${i % 100}`, 20_000 - i));
        await store.write(many);
        expect(await store.count()).toBe(20_000);
        const times = (await all(store.byTime())).map(({ time }) => time);
        expect(times).toEqual(Array.from({ length: 20_000 }, (_, i) => i + 1));
        const mine = offsets(await all(store.byCustomer('c7')));
        expect(mine).toEqual(Array.from({ length: 200 }, (_, i) => 19_907 - i * 100));

        const large = sale(1_000_000, 'large', 1);
        const note = 'n'.repeat(3_000_000);
        await store.write([{ ...large, value: { ...large.value, note } }]);
        await store.write([sale(1_000_001, 'large', 2)]);
        const found = await all(store.byCustomer('large'));
        expect(found.map(({ value }) => value.note.length)).toEqual([note.length, 'large@2'.length]);
      });

      it('stores nothing of a batch that it refuses, and names the document but not its value', async () => {
        await start({ ...saleIndexes, time: ({ at }) => new Date(at < 0 ? Number.NaN : at) });
        const refused = store.write([sale(0, 'ann', 1), sale(7, 'secret-customer', -1)]);
        const error: unknown = await Promise.resolve(refused).catch((reason: unknown) => reason);
        expect(isKafkaRxError(error, 'STORE')).toBe(true);
        expect(error).toMatchObject({ at: { topic: origin, partition: 0, offset: 7 } });
        expect(String(error)).not.toContain('secret-customer');
        expect(await store.count()).toBe(0);
        await store.write([sale(0, 'ann', 1)]);
        expect(await store.count()).toBe(1);
      });

      it('hides what a throwing selector says', async () => {
        await start({
          customer: ({ customer }) => {
            throw new TypeError(`no such customer: ${customer}`);
          },
        });
        const error: unknown = await Promise.resolve(store.write([sale(3, 'secret-customer', 1)])).catch(
          (reason: unknown) => reason,
        );
        expect(error).toMatchObject({ code: 'STORE', at: { offset: 3 } });
        expect(String(error)).toContain('TypeError');
        expect(String(error)).not.toContain('secret-customer');
      });

      it.each([
        { ordinal: '0' },
        { ordinal: '.x' },
        { ordinal: '.01' },
        { ordinal: '/1' },
        { partition: -1 },
        { partition: 2 ** 31 },
        { offset: -1 },
        { offset: 2 ** 53 },
        { offset: 0.5 },
      ])('refuses a source that could be mistaken for another: %p', async source => {
        await expect(store.write([sale(0, 'ann', 1, source)])).rejects.toMatchObject({ code: 'STORE' });
      });

      it('files a document under the timestamp of its record where no time is selected', async () => {
        await start({ customer: ({ customer }) => customer });
        await store.write([{ ...sale(0, 'ann', 10), timestamp: 99 }]);
        expect((await all(store.byTime())).map(({ time }) => time)).toEqual([99]);
      });

      it('finds nothing by customer where none is selected', async () => {
        await start({});
        await store.write([sale(0, 'ann', 10)]);
        expect(await all(store.byCustomer('ann'))).toEqual([]);
        expect(await all(store.byCustomer(''))).toEqual([]);
        expect(await store.count()).toBe(1);
      });
    });

    describe('reading', () => {
      it('answers undefined for an id that no document has', async () => {
        await store.write([sale(0, 'ann', 10)]);
        const unknown = ['', '/', 'x', `${origin}/0/1`, `${origin}/1/0`, `${origin}/0/0.0`, `${origin}/0/00`];
        for (const id of [
          ...unknown,
          'other/0/0',
          `${origin}/0/0.`,
          `${origin}/0/-0`,
          `${origin}/0/9${'9'.repeat(20)}`,
        ]) {
          expect(await store.get(id)).toBeUndefined();
        }
      });

      it('includes from and excludes to, by customer and by time', async () => {
        const times = [-86_400_000, -1, 0, 1, 2, 1000];
        await store.write(times.map((time, i) => sale(i, i % 2 === 0 ? 'even' : 'odd', time)));
        const range = (from?: number, to?: number): TimeRange => ({
          from: from === undefined ? undefined : new Date(from),
          to: to === undefined ? undefined : new Date(to),
        });
        const found = async (from?: number, to?: number) => offsets(await all(store.byTime(range(from, to))));
        expect(await found()).toEqual([0, 1, 2, 3, 4, 5]);
        expect(await found(0, 2)).toEqual([2, 3]);
        expect(await found(0, 0)).toEqual([]);
        expect(await found(2, 0)).toEqual([]);
        expect(await found(-1)).toEqual([1, 2, 3, 4, 5]);
        expect(await found(undefined, -1)).toEqual([0]);
        expect(await found(1001)).toEqual([]);
        expect(offsets(await all(store.byCustomer('even', range(0, 2))))).toEqual([2]);
        expect(offsets(await all(store.byCustomer('even', range(0, 3))))).toEqual([2, 4]);
        expect(offsets(await all(store.byCustomer('odd', range(-1, 1000))))).toEqual([1, 3]);
      });

      it('gives documents of one time in the order of their sources', async () => {
        const second = { origin: 'cluster-1/a-topic-seen-later' };
        await store.write([sale(11, 'ann', 5), sale(9, 'ann', 5), sale(2, 'ann', 5, { partition: 1 })]);
        await store.write([sale(1, 'ann', 5, second), sale(10, 'ann', 5), sale(300, 'ann', 4)]);
        expect(ids(await all(store.byCustomer('ann')))).toEqual([
          `${origin}/0/300`,
          `${origin}/0/9`,
          `${origin}/0/10`,
          `${origin}/0/11`,
          `${origin}/1/2`,
          `${second.origin}/0/1`,
        ]);
      });

      it('never mixes two customers up', async () => {
        await store.write(oddCustomers.map((customer, i) => sale(i, customer, 100 - i)));
        for (const [i, customer] of oddCustomers.entries()) {
          const found = await all(store.byCustomer(customer));
          expect(found.map(({ value }) => value.customer)).toEqual([customer]);
          expect(offsets(found)).toEqual([i]);
        }
        expect(await all(store.byCustomer('nobody'))).toEqual([]);
      });

      it('keeps odd origins', async () => {
        const origins = ['', '/', 'a/1/2', 'ü/🧾', '\ud800', '\ufffd', 'a\0b', 'o'.repeat(4000)];
        await store.write(origins.map((odd, i) => sale(i, 'ann', i, { origin: odd })));
        const expected = origins.map((odd, i) => `${odd}/0/${i}`);
        expect(ids(await all(store.byTime()))).toEqual(expected);
        for (const id of expected) expect((await store.get(id))?.id).toBe(id);
      });

      it('gives a scan one picture, while writes go on before, at and behind its place', async () => {
        const many = Array.from({ length: 3000 }, (_, i) => sale(i, i % 3 === 0 ? 'ann' : 'bob', i));
        await store.write(many);
        const byTime = store.byTime()[Symbol.asyncIterator]();
        const byCustomer = store.byCustomer('ann')[Symbol.asyncIterator]();
        const times = [(await byTime.next()).value?.time];
        const anns = [(await byCustomer.next()).value?.time];

        for (let i = 0; i < 20; i++) {
          // Ahead and behind, other customers' and moved ones; enough that a file must grow.
          const news = Array.from({ length: 1000 }, (_, k) =>
            sale(10_000 + i * 1000 + k, 'ann', k * 4 + 0.5),
          );
          await store.write([...news, sale(2999 - i, 'eve', 1), sale(3 * i, 'eve', 5000)]);
        }
        for (let next = await byTime.next(); next.done !== true; next = await byTime.next())
          times.push(next.value.time);
        for (let next = await byCustomer.next(); next.done !== true; next = await byCustomer.next())
          anns.push(next.value.time);
        expect(times).toEqual(Array.from({ length: 3000 }, (_, i) => i));
        expect(anns).toEqual(Array.from({ length: 1000 }, (_, i) => i * 3));

        expect(await all(store.byCustomer('eve'))).toHaveLength(40);
        expect(await store.count()).toBe(23_000);
      });

      it('reads while a write is under way', async () => {
        await store.write([sale(0, 'ann', 0)]);
        let last = 1;
        for (let i = 0; i < 10; i++) {
          const writing = store.write(Array.from({ length: 500 }, (_, k) => sale(1 + i * 500 + k, 'ann', k)));
          const [seen, first] = await Promise.all([all(store.byCustomer('ann')), store.get(`${origin}/0/0`)]);
          expect(first?.id).toBe(`${origin}/0/0`);
          // A write is seen whole or not at all.
          expect((seen.length - 1) % 500).toBe(0);
          expect(seen.length).toBeGreaterThanOrEqual(last);
          last = seen.length;
          await writing;
        }
        expect(await store.count()).toBe(5001);
      });

      it('can give up a scan', async () => {
        await store.write(Array.from({ length: 1000 }, (_, i) => sale(i, 'ann', i)));
        for await (const { time } of store.byTime()) if (time === 3) break;
        await store.write([sale(5000, 'ann', 1)]);
        expect(await store.count()).toBe(1001);
      });

      it('refuses a range with an invalid date', async () => {
        const range = { from: new Date(Number.NaN) };
        await expect(all(store.byTime(range))).rejects.toMatchObject({ code: 'STORE' });
        await expect(all(store.byCustomer('ann', range))).rejects.toMatchObject({ code: 'STORE' });
      });
    });

    describe('opening and closing', () => {
      it('can be opened twice and closed twice, at once too', async () => {
        await Promise.all([store.open(), store.open()]);
        await store.write([sale(0, 'ann', 1)]);
        await Promise.all([store.close(), store.close()]);
        await store.close();
      });

      it('refuses everything once closed', async () => {
        await store.write([sale(0, 'ann', 1)]);
        const scan = store.byTime()[Symbol.asyncIterator]();
        await store.close();
        const closed = { code: 'CLOSED' };
        await expect(store.write([sale(1, 'ann', 1)])).rejects.toMatchObject(closed);
        await expect(store.write([])).rejects.toMatchObject(closed);
        await expect(store.get(`${origin}/0/0`)).rejects.toMatchObject(closed);
        await expect(store.count()).rejects.toMatchObject(closed);
        await expect(all(store.byTime())).rejects.toMatchObject(closed);
        await expect(all(store.byCustomer('ann'))).rejects.toMatchObject(closed);
        await expect(scan.next()).rejects.toMatchObject(closed);
      });

      it('ends a scan that is under way when it is closed', async () => {
        await store.write(Array.from({ length: 2000 }, (_, i) => sale(i, 'ann', i)));
        const scan = store.byTime()[Symbol.asyncIterator]();
        await scan.next();
        await store.close();
        await expect(scan.next()).rejects.toMatchObject({ code: 'CLOSED' });
      });

      it('finishes the write that is under way when it is closed', async () => {
        const writing = store.write([sale(0, 'ann', 1)]);
        await store.close();
        await writing;
        await store.open();
        expect(await store.count()).toBe(1);
      });

      it('has its documents when opened again', async () => {
        await store.write([sale(0, 'ann', 1), sale(1, 'ann', 2, { origin: 'other' })]);
        await store.close();
        await store.open();
        expect(ids(await all(store.byCustomer('ann')))).toEqual([`${origin}/0/0`, 'other/0/1']);
        await store.write([sale(0, 'bob', 1), sale(2, 'ann', 3, { origin: 'third' })]);
        expect(ids(await all(store.byCustomer('ann')))).toEqual(['other/0/1', 'third/0/2']);
        expect(await store.count()).toBe(3);
      });
    });

    it('answers every question as a plain list of documents would', async () => {
      const document = fc.record({
        origin: fc.constantFrom('c/t', 'c/u', ''),
        partition: fc.nat(1),
        offset: fc.constantFrom(0, 1, 2, 255, 256, 2 ** 32, 2 ** 32 + 1),
        ordinal: fc.constantFrom('', '.0', '.1', '.10', '.0.0'),
        customer: fc.constantFrom(...oddCustomers),
        at: fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -8.64e15, max: 8.64e15 })),
        note: fc.string({ maxLength: 5 }),
      });
      const bound = fc.option(fc.integer({ min: -4, max: 4 }), { nil: undefined });
      const batches = fc.array(fc.array(document, { maxLength: 12 }), { minLength: 1, maxLength: 6 });

      await fc.assert(
        fc.asyncProperty(batches, bound, bound, async (written, from, to) => {
          await start();
          const model = new Map<string, StoredDocument<Sale> & { readonly rank: readonly number[] }>();
          const origins: string[] = [];
          for (const batch of written) {
            await store.write(
              batch.map(({ customer, at, note, ...source }) => ({
                source,
                timestamp: 0,
                value: { customer, at, note },
              })),
            );
            for (const { customer, at, note, ...source } of batch) {
              if (!origins.includes(source.origin)) origins.push(source.origin);
              const steps = source.ordinal.split('.').slice(1).map(Number);
              const rank = [at, origins.indexOf(source.origin), source.partition, source.offset, ...steps];
              const id = `${source.origin}/${source.partition}/${source.offset}${source.ordinal}`;
              model.set(id, { id, value: { customer, at, note }, time: at, rank });
            }
          }
          const inRange = [...model.values()]
            .sort(({ rank: a }, { rank: b }) => {
              const i = a.findIndex((part, at) => part !== b[at]);
              return i < 0 ? a.length - b.length : (a[i] ?? -1) - (b[i] ?? -1);
            })
            .filter(
              ({ time }) =>
                time >= (from ?? Number.NEGATIVE_INFINITY) && time < (to ?? Number.POSITIVE_INFINITY),
            )
            .map(({ id, value, time }) => ({ id, value, time }));
          const range = {
            from: from === undefined ? undefined : new Date(from),
            to: to === undefined ? undefined : new Date(to),
          };
          expect(await store.count()).toBe(model.size);
          expect(await all(store.byTime(range))).toEqual(inRange);
          for (const customer of oddCustomers) {
            const theirs = inRange.filter(({ value }) => value.customer === customer);
            expect(await all(store.byCustomer(customer, range))).toEqual(theirs);
          }
          for (const { id, value, time } of model.values())
            expect(await store.get(id)).toEqual({ id, value, time });
        }),
        { numRuns: 40 },
      );
    }, 60_000);
  });
}
