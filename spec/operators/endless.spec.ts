/** Of a function that never ends its record is a problem, and the process goes on. */
import { isKafkaRxError, string } from 'kafka-rx';
import { flatMapValue, mapAsync } from 'kafka-rx/operators';
import { type Observable, of, range, repeat } from 'rxjs';
import { Members } from '../app/members.js';

const value = string;
let ended = 0;
function* endless(): Generator<string> {
  try {
    for (;;) yield 'x';
  } finally {
    ended++;
  }
}
async function* endlessLater(): AsyncGenerator<string> {
  try {
    for (;;) yield 'x';
  } finally {
    ended++;
  }
}
/** Would go on for ever; a test on code without a bound is to fail and not to hang. */
function* far(): Generator<string> {
  for (let i = 0; i <= 2_000_000; i++) yield 'x';
}
beforeEach(() => {
  ended = 0;
});

const forms: readonly [string, () => Iterable<string>][] = [
  ['a generator', endless],
  ['an iterable', () => ({ [Symbol.iterator]: endless })],
  ['an array whose iterator never ends', () => Object.assign(['x'], { [Symbol.iterator]: endless })],
  ['a Set whose iterator never ends', () => Object.assign(new Set(['x']), { [Symbol.iterator]: endless })],
];

describe('flatMapValue', () => {
  test.each(forms)('over %s fails the app at that record, and lets go of it', async (_, make) => {
    const members = new Members({ in: 1, out: 1 });
    members.publish('in', 'a', 'b');
    const split = (text: string): Iterable<string> => (text === 'b' ? make() : [text]);
    const member = members.start(app =>
      app
        .topic('in', { value })
        .pipe(flatMapValue(split, { maxParts: 100 }))
        .subscribe(app.to('out', { value })),
    );
    await members.settle();
    expect(member.outcome).toMatchObject({
      code: 'PROCESS',
      at: { topic: 'in', partition: 0, offset: 1 },
      message: expect.stringContaining(
        "'flatMapValue(split)': The function gave more than 100 parts of one record (topic in, partition 0, offset 1)",
      ),
      remedy: expect.stringContaining('raise maxParts'),
    });
    // None of its parts has gone out; what was before it is done.
    expect([members.values('out'), members.committed('in'), ended]).toEqual([['a'], [1], 1]);
  });

  test('a policy may skip it', async () => {
    const members = new Members({ in: 1, out: 1 });
    members.publish('in', 'a', 'b', 'c');
    members.start(app =>
      app
        .topic('in', { value })
        .pipe(flatMapValue(text => (text === 'b' ? endless() : [text]), { maxParts: 3, onError: 'skip' }))
        .subscribe(app.to('out', { value })),
    );
    await members.settle();
    await members.pass(100);
    expect([members.values('out'), members.committed('in')]).toEqual([['a', 'c'], [3]]);
  });

  test('exactly as many may be', async () => {
    const members = new Members({ in: 1, out: 1 });
    members.publish('in', 'abc');
    members.start(app =>
      app
        .topic('in', { value })
        .pipe(flatMapValue(text => [...text], { maxParts: 3 }))
        .subscribe(app.to('out', { value })),
    );
    await members.settle();
    expect(members.values('out')).toEqual(['a', 'b', 'c']);
  });

  test('a million is the bound where none is given', async () => {
    const members = new Members({ in: 1 });
    members.publish('in', 'a');
    const member = members.start(app =>
      app
        .topic('in', { value })
        .pipe(flatMapValue(far))
        .subscribe(app.each(() => {})),
    );
    await members.settle();
    expect(member.outcome).toMatchObject({ message: expect.stringContaining('more than 1000000 parts') });
  });
});

describe('what is left of an iterator over what is there is let go of, and that ends', () => {
  /** On code without a bound the test is to fail and not to hang. */
  const fewEnough = 3_000_000;
  const withOwnNext = (iterator: IterableIterator<string>) => {
    let asked = 0;
    const next = () => ({ value: 'x', done: ++asked > fewEnough });
    return { iterator: Object.assign(iterator, { next }), asked: () => asked };
  };
  const overAll = () => {
    let asked = 0;
    const get = (_: object, name: PropertyKey) =>
      name === 'length' ? (++asked > fewEnough ? 0 : Number.POSITIVE_INFINITY) : 'x';
    return { iterator: Array.prototype.values.call(new Proxy([], { get })), asked: () => asked };
  };
  test.each<[string, () => { iterator: Iterable<string>; asked: () => number }]>([
    ['an array with a next of its own', () => withOwnNext(['x'].values())],
    ['a Set with a next of its own', () => withOwnNext(new Set(['x']).values())],
    ['a Map with a next of its own', () => withOwnNext(new Map([['x', 'x']]).values())],
    ['an array without end', overAll],
  ])('%s', async (_, make) => {
    const members = new Members({ in: 1 });
    members.publish('in', 'a');
    const { iterator, asked } = make();
    const member = members.start(app =>
      app
        .topic('in', { value })
        .pipe(flatMapValue(() => iterator, { maxParts: 3 }))
        .subscribe(app.each(() => {})),
    );
    await members.settle();
    expect(member.outcome).toMatchObject({ message: expect.stringContaining('more than 3 parts') });
    expect(asked()).toBeLessThan(fewEnough);
  });
});

describe('mapAsync', () => {
  test.each<[string, () => AsyncIterable<string> | Observable<string>]>([
    ['an async generator that waits for nothing', endlessLater],
    ['a synchronous Observable', () => of('x').pipe(repeat(Number.POSITIVE_INFINITY))],
    ['a long one', () => range(0, Number.MAX_SAFE_INTEGER) as never],
  ])('with %s fails the app at that record', async (_, make) => {
    const members = new Members({ in: 1, out: 1 });
    members.publish('in', 'a');
    const call = () => make();
    const member = members.start(app =>
      app
        .topic('in', { value })
        .pipe(mapAsync(call, { maxParts: 100 }))
        .subscribe(app.each(() => {})),
    );
    await members.settle();
    expect(member.outcome).toMatchObject({
      code: 'PROCESS',
      at: { topic: 'in', partition: 0, offset: 0 },
      message: expect.stringContaining('more than 100 parts of one record'),
    });
    expect(members.committed('in')).toEqual([-1]);
  });
});

test.each<[string, () => unknown]>([
  [
    'whose iterator never ends',
    () => Object.assign([{ key: 'k', value: null }], { [Symbol.iterator]: endless }),
  ],
  [
    'of a length without end',
    () =>
      new Proxy([], {
        get: (_, key) => (key === 'length' ? Number.POSITIVE_INFINITY : { key: 'k', value: null }),
      }),
  ],
])('headers %s end', async (_, headers) => {
  const members = new Members({ in: 1, out: 1 });
  members.publish('in', 'a');
  const member = members.start(app =>
    app.topic('in', { value }).subscribe(app.to('out', { value, headers: headers as never })),
  );
  await members.settle();
  expect(members.values('out').length === 1 || isKafkaRxError(member.outcome, 'ENCODE')).toBe(true);
});
