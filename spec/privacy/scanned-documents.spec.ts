import { runInNewContext } from 'node:vm';
import { scanDocument } from '../../lib/card/scan-document.js';

const raw = '4111111111111111';

class Hidden {
  readonly #card = raw;
  get() {
    return this.#card;
  }
}

class HiddenToOne {
  readonly #card = raw;
  static of(one: HiddenToOne) {
    return one.#card;
  }
}

class Sale {
  constructor(readonly note: unknown) {}
  total() {
    return 1;
  }
}

class Split {
  bin = raw.slice(0, 6);
  rest = raw.slice(6);
  toJSON() {
    return this.bin + this.rest;
  }
}

/** As compilers write a `#private` for older engines. */
const hidden = new WeakMap<object, string>();
const __classPrivateFieldGet = (from: object, fields: WeakMap<object, string>) => fields.get(from);
class Lowered {
  constructor() {
    hidden.set(this, raw);
  }
  get() {
    return __classPrivateFieldGet(this, hidden);
  }
}

function forged(): object {
  const Bound = Hidden.bind(undefined);
  Object.defineProperty(Bound, 'name', { value: 'Object' });
  const prototype = { constructor: Bound, get: Hidden.prototype.get };
  Object.assign(Bound, { prototype });
  return Object.setPrototypeOf(new Hidden(), prototype) as object;
}

describe('a document is searched for all that it holds, or refused', () => {
  test.each<[string, () => unknown]>([
    ['Headers', () => new Headers({ number: raw })],
    ['a URL', () => new URL('http://pay.example/')],
    ['URLSearchParams', () => new URLSearchParams({ number: raw })],
    ['a Blob', () => new Blob([raw])],
    ['a WeakRef', () => new WeakRef({ number: raw })],
    ['an iterator', () => [raw].values()],
    ['an iterator of a Map', () => new Map([['number', raw]]).entries()],
    ['an iterator of a text', () => raw[Symbol.iterator]()],
    ['matches', () => raw.matchAll(/\d/g)],
    ['a generator', () => generate()],
    ['a formatter', () => new Intl.NumberFormat('en')],
    ['an instance with a #private', () => new Hidden()],
    ['an instance with a #private of a static method', () => new HiddenToOne()],
    ['an instance with a #private as it is compiled', () => new Lowered()],
    [
      'bytes with a #private',
      () =>
        new (class extends Uint8Array {
          readonly #card = raw;
          get() {
            return this.#card;
          }
        })(1),
    ],
    ['a class that calls itself Object', forged],
    ['a promise', () => Promise.resolve(raw)],
    ['a boxed symbol', () => Object(Symbol(raw)) as object],
    [
      'an accessor',
      () => ({
        get of() {
          return 1;
        },
      }),
    ],
    [
      'an accessor of a class',
      () =>
        new (class {
          get of() {
            return 1;
          }
        })(),
    ],
    ['a function', () => ({ of: () => raw })],
    ['a Proxy', () => new Proxy({}, {})],
    ['a Proxy in the chain', () => Object.create(new Proxy({}, {})) as object],
  ])('%s is refused', (_, make) => {
    expect(scanDocument({ note: [make()] })).toBe('unsearchable');
  });

  test.each<[string, () => unknown]>([
    [
      'a Map that shows less',
      () =>
        new (class extends Map<string, string> {
          override [Symbol.iterator]() {
            return new Map<string, string>().entries();
          }
        })([['of', raw]]),
    ],
    [
      'a Set that shows less',
      () =>
        new (class extends Set<string> {
          override [Symbol.iterator]() {
            return new Set<string>().values();
          }
        })([raw]),
    ],
    [
      'an array that shows less',
      () =>
        new (class extends Array<string> {
          override [Symbol.iterator]() {
            return [].values();
          }
        })(raw, ''),
    ],
    [
      'bytes that show less',
      () =>
        new (class extends Uint8Array {
          override get byteLength() {
            return 0;
          }
        })(Buffer.from(raw)),
    ],
    [
      'numbers that show less',
      () =>
        new (class extends Float64Array {
          override [Symbol.iterator]() {
            return [].values();
          }
        })([Number(raw)]),
    ],
    ['a text that says another', () => Object.assign(new String(raw), { valueOf: () => 'x' })],
    ['a boxed bigint', () => Object(BigInt(raw)) as object],
    ['a Date that is a number', () => new Date(Number(raw))],
    ['a Date before the year 1', () => new Date(-Number(raw))],
    [
      'a class’s Date that says another',
      () =>
        new (class extends Date {
          override getTime() {
            return 0;
          }
        })(Number(raw)),
    ],
    ['a RegExp', () => new RegExp(raw)],
    ['FormData', withEntry],
    ['a RegExp that says another', () => Object.defineProperty(new RegExp(raw), 'source', { value: 'x' })],
    ['an Error', () => new Error(raw)],
    ['a toJSON in a Map', () => new Map([['of', new Split()]])],
    ['a field of an ArrayBuffer', () => Object.assign(new ArrayBuffer(1), { of: raw })],
    ['an Error’s cause', () => new Error('of', { cause: raw })],
    ['an instance of a class', () => new Sale(raw)],
    ['what a class has for all', () => Object.create({ of: raw }) as object],
    ['a value of another realm', () => runInNewContext(`({ of: new Map([['x', '${raw}']]) })`)],
  ])('%s with a card is found', (_, make) => {
    // What cannot be searched is refused as well: a function among the fields says nothing.
    expect(scanDocument({ note: [make()] })).not.toBe('clear');
  });

  test.each<[string, () => unknown]>([
    ['plain data', () => ({ a: [1, 'x', null, undefined, true, 2n, { b: 1.5 }] })],
    ['an object without a prototype', () => Object.assign(Object.create(null), { a: 1 })],
    [
      'a Map, a Set, bytes',
      () => [new Map([[{ a: 1 }, 'x']]), new Set([1n]), Buffer.from('x'), new Float64Array(2)],
    ],
    [
      'a DataView, an ArrayBuffer, shared too',
      () => [new DataView(new ArrayBuffer(8)), new ArrayBuffer(8), new SharedArrayBuffer(8)],
    ],
    ['boxed', () => [new String('x'), new Number(1), new Boolean(true), Object(1n)]],
    ['a Date of now', () => new Date(1_764_396_000_000)],
    ['a Date whose 13 digits look like a card’s', () => new Date(4_111_111_111_116)],
    ['a Date of the year 3000 that does not', () => new Date(Date.UTC(3000, 0, 1))],
    ['a Date that is none', () => new Date(Number.NaN)],
    ['an Error', () => new TypeError('x', { cause: new Error('y') })],
    ['a RegExp', () => /x/g],
    ['an instance of a class', () => new Sale(new Sale('x'))],
    [
      'an instance that has a toJSON',
      () =>
        Object.assign(
          new (class Amount {
            digits = [12, 5];
            toJSON() {
              return '12.5';
            }
          })(),
        ),
    ],
    ['an instance of a Map', () => new (class Index extends Map<string, number> {})([['x', 1]])],
    [
      'a class of functions',
      () => {
        function Amount(this: { digits: number[] }) {
          this.digits = [12, 5];
        }
        Amount.prototype.plus = function () {
          return this;
        };
        return new (Amount as unknown as new () => object)();
      },
    ],
    [
      'values of another realm',
      () => runInNewContext('[{ a: new Map([[1, new Set([2])]]), d: new Date(0) }]'),
    ],
    [
      'more numbers than there are arguments',
      () => [new Set(Array(200_000).keys()), new Float64Array(200_000)],
    ],
    [
      'the same twice',
      () => {
        const one = { a: 1 };
        return [one, one];
      },
    ],
  ])('%s passes', (_, make) => {
    expect(scanDocument({ note: make() })).toBe('clear');
  });
});

function withEntry(): FormData {
  const form = new FormData();
  form.append('number', raw);
  return form;
}

function* generate() {
  yield raw;
}
