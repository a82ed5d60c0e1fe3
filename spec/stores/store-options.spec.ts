import { lmdb } from '../../lib/stores/lmdb.js';
import { memoryStore } from '../../lib/stores/memory-store.js';
import { saleCodec, saleIndexes } from '../contract/sales.js';

/** Both stores, made by a program that no compiler looks at. */
const stores: readonly (readonly [string, (options: object) => object])[] = [
  ['memory', options => memoryStore('sales', options)],
  ['lmdb', options => lmdb('sales', { value: saleCodec, ...options })],
];

describe.each(stores)('the options of a store: %s', (_, make) => {
  it.each([
    [
      'the old customer',
      { customer: () => 'ann' },
      /'customer'.*by: \{ customer: … \}.*store\.by\('customer'/,
    ],
    ['a misspelt one', { tiem: () => new Date() }, /tiem is no option; 'time' is/],
    ['a time that is no function', { time: 'purchasedAt' }, /time must be a function/],
    [
      'an index that is no function',
      { by: { customer: 'customerId' } },
      /by\.customer must be a function of the value/,
    ],
    ['indexes that are no object', { by: () => 'ann' }, /by must be an object of functions/],
    ['no indexes', { by: null }, /by must be an object of functions/],
  ])('are refused with a remedy: %s', (_name, options, message) => {
    expect(() => make(options)).toThrow(
      expect.objectContaining({ code: 'CONFIGURATION', message: expect.stringMatching(message) }),
    );
  });

  it('name the way from byCustomer to by, for a program without types', () => {
    const store = make(saleIndexes);
    const call: unknown = Reflect.get(store, 'byCustomer');
    expect(call).toBeInstanceOf(Function);
    expect(() => Reflect.apply(call as () => void, store, ['ann'])).toThrow(
      expect.objectContaining({
        code: 'CONFIGURATION',
        message: expect.stringContaining("store.by('customer'"),
      }),
    );
  });
});
