import * as t from 'io-ts';
import { json } from '../../../../lib/codecs/json.js';
import { sessionWindowed } from '../../../../lib/codecs/session-windowed.js';
import { windowed } from '../../../../lib/codecs/windowed.js';
import { createGuard } from '../../../../lib/flow/sinks/guard.js';
import {
  type Aggregate,
  all,
  collect,
  counter,
  first,
  max,
  topK,
} from '../../../../operators/state/index.js';
import { fold } from './fold.js';

const Purchase = t.strict({ cardNumber: t.string, price: t.number });
type Purchase = t.TypeOf<typeof Purchase>;
const codec = json(Purchase);
/** Of the user's, of which the guard knows nothing. */
const own = { ...codec, name: 'own' };
const guard = createGuard(
  [{ path: 'cardNumber', card: true, isMasked: text => text.startsWith('xxxx') }],
  false,
);
const masked = { cardNumber: 'xxxx-xxxx-xxxx-1111', price: 1 };
const raw = { cardNumber: '4111-1111-1111-1111', price: 2 };
const by = ({ price }: Purchase): number => price;

describe.each([
  ['ours', codec],
  ["the user's", own],
])('in a codec of %s, the guard looks at every value that is kept by', (_, codec) => {
  test.each<[string, Aggregate<Purchase, unknown, unknown>]>([
    ['first', first(codec)],
    ['max', max({ by, codec })],
    ['collect', collect({ max: 5, codec })],
    ['topK', topK(5, { by, codec })],
    ['all', all({ n: counter(), every: collect({ max: 5, codec }) })],
  ])('%s', (_, aggregate) => {
    const encode = guard.encoder(aggregate.codec);
    const clean = fold(aggregate, [{ value: masked, timestamp: 3 }]);
    expect(encode(clean)).toEqual(aggregate.codec.encode(clean));
    expect(() => encode(fold(aggregate, [{ value: raw, timestamp: 2 }], clean))).toThrow(
      'what may not be written',
    );
  });
});

test("and at what an aggregate of the user's keeps in all", () => {
  const newest: Aggregate<Purchase, Purchase> = {
    initial: () => masked,
    add: (_, value) => value,
    codec: own,
  };
  const aggregate = all({ n: counter(), newest });
  const encode = guard.encoder(aggregate.codec);
  expect(encode(aggregate.initial())).toEqual(aggregate.codec.encode(aggregate.initial()));
  expect(() => encode(fold(aggregate, [{ value: raw, timestamp: 2 }]))).toThrow('what may not be written');
});

test.each([
  ['windowed', windowed(codec)],
  ['sessionWindowed', sessionWindowed(codec)],
])('and at the keys of %s', (_, codec) => {
  const encode = guard.encoder(codec);
  expect(encode({ key: masked, start: 0, end: 5 })).toEqual(codec.encode({ key: masked, start: 0, end: 5 }));
  expect(() => encode({ key: raw, start: 0, end: 5 })).toThrow('what may not be written');
});
