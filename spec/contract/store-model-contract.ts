import fc from 'fast-check';
import type { StoredDocument } from '../../lib/stores/port.js';
import { all, oddTerms, type Sale } from './sales.js';
import type { StoreTested } from './store-tested.js';

/** Every store against a plain list of documents. */
export function describeModel(tested: StoreTested): void {
  it('answers every question as a plain list of documents would', async () => {
    const document = fc.record({
      origin: fc.constantFrom('c/t', 'c/u', ''),
      partition: fc.nat(1),
      offset: fc.constantFrom(0, 1, 2, 255, 256, 2 ** 32, 2 ** 32 + 1),
      ordinal: fc.constantFrom('', '.0', '.1', '.10', '.0.0'),
      sink: fc.constantFrom('', 'b', '#2'),
      customer: fc.constantFrom(...oddTerms),
      at: fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -8.64e15, max: 8.64e15 })),
      note: fc.string({ maxLength: 5 }),
    });
    const bound = fc.option(fc.integer({ min: -4, max: 4 }), { nil: undefined });
    const batches = fc.array(fc.array(document, { maxLength: 12 }), { minLength: 1, maxLength: 6 });

    await fc.assert(
      fc.asyncProperty(batches, bound, bound, async (written, from, to) => {
        await tested.start();
        const model = new Map<string, StoredDocument<Sale> & { readonly rank: readonly number[] }>();
        const origins: string[] = [];
        const sinks: string[] = [];
        for (const batch of written) {
          await tested.store.write(
            batch.map(({ customer, at, note, ...source }) => ({
              source,
              timestamp: 0,
              value: { customer, at, note },
            })),
          );
          for (const { customer, at, note, ...source } of batch) {
            if (!origins.includes(source.origin)) origins.push(source.origin);
            if (!sinks.includes(source.sink)) sinks.push(source.sink);
            const steps = source.ordinal.split('.').slice(1).map(Number);
            const place = [origins.indexOf(source.origin), source.partition, source.offset];
            const rank = [at, ...place, sinks.indexOf(source.sink), ...steps];
            const way = source.sink === '' ? '' : `@${source.sink}`;
            const id = `${source.origin}/${source.partition}/${source.offset}${source.ordinal}${way}`;
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
        expect(await tested.store.count()).toBe(model.size);
        expect(await all(tested.store.byTime(range))).toEqual(inRange);
        for (const customer of oddTerms) {
          const theirs = inRange.filter(({ value }) => value.customer === customer);
          expect(await all(tested.store.by('customer', customer, range))).toEqual(theirs);
        }
        for (const { id, value, time } of model.values())
          expect(await tested.store.get(id)).toEqual({ id, value, time });
      }),
      { numRuns: 40 },
    );
  }, 60_000);
}
