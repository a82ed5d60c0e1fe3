import { disregard, disregardWithin } from '../../lib/base/disregard.js';
import { disregardOutgoing } from '../../lib/record/outgoing.js';

const endless = () =>
  new Proxy<unknown[]>([], {
    get: (list, name) => (name === 'length' ? Number.POSITIVE_INFINITY : Reflect.get(list, name)),
  });

function ownIterator(): unknown[] {
  return Object.assign([], {
    *[Symbol.iterator]() {
      for (;;) yield {};
    },
  });
}

function heldTwiceByItself(): unknown[] {
  const list: unknown[] = [];
  list.push(list, list);
  return list;
}

const strange: readonly (readonly [string, () => unknown])[] = [
  ['an array of no end', endless],
  ['an array with an iterator of no end', ownIterator],
  ['an array that holds itself twice', heldTwiceByItself],
  [
    'an array of no end, of such',
    () => new Proxy([], { get: (_, name) => (name === 'length' ? 2 ** 60 : endless()) }),
  ],
];

test.each(strange)('%s is left in the end', (_what, make) => {
  expect(disregard(make())).toBe(false);
  disregardWithin({ inside: make() });
  disregardOutgoing(make(), make(), make(), make());
  disregardOutgoing(null, null, [{ key: make(), value: make() }], 0);
});

/** What became of the promise, were nobody else to hear it. */
async function unheard(make: (rejecting: () => Promise<never>) => void): Promise<unknown[]> {
  let heard = 0;
  let made = 0;
  make(() => {
    made++;
    const promise = Promise.reject(new Error('late'));
    const { then } = promise;
    // Our own catch comes second: nothing is to end this process.
    promise.catch(() => {});
    return Object.defineProperty(promise, 'then', {
      value(...args: Parameters<typeof then>) {
        heard++;
        return Reflect.apply(then, promise, args);
      },
    });
  });
  return [heard, made];
}

test.each<[string, (r: () => Promise<never>) => void]>([
  ['in a list in a list', r => void disregard([[r()], r()])],
  ['in a Set and in a Map', r => void disregard([new Set([r()]), new Map([[r(), r()]])])],
  ['as key and value of headers', r => disregardOutgoing(r(), r(), [null, { key: r(), value: r() }], r())],
  ['in fields, at any depth', r => disregardWithin({ a: { b: [{ c: r() }] }, d: r() })],
])('every promise is heard out: %s', async (_what, make) => {
  const [heard, made] = await unheard(make);
  expect(heard).toBe(made);
});

test('what is within does not run what it finds there', () => {
  let ran = 0;
  disregardWithin({
    get a() {
      ran++;
      return 1;
    },
  });
  expect(ran).toBe(0);
});
