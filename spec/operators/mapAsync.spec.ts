import {
  concat,
  EMPTY,
  from,
  map,
  mergeMap,
  NEVER,
  type Observable,
  observable,
  of,
  Subject,
  take,
  throwError,
  timer,
} from 'rxjs';
import { number } from '../../lib/codecs/number.js';
import { retry } from '../../lib/errors/policies/policy.js';
import { lease, release } from '../../lib/flow/leases/leases.js';
import type { KafkaRecord } from '../../lib/record/record.js';
import { deliver, marbles, testApp, testRecord, VirtualClock } from '../../lib/testing/index.js';
import { mapAsync } from '../../operators/mapAsync.js';
import { FlushAsks } from './flush-asks.js';
import { coordinates, numbered } from './numbered.js';
import { Partitions } from './partitions.js';

const twiceThenSkip = retry({ attempts: 2, initialDelayMs: 1, otherwise: 'skip' });
/** Gives its number after as many frames. */
const after = (frames: number): Observable<number> => timer(frames).pipe(map(() => frames));
/** Emissions by value and ordinal. */
const plain = map(({ value, ordinal }: KafkaRecord<unknown, unknown>) => `${value}${ordinal}`);

/** Resolves with both, one after the other, as a promise never would. */
const twice = (first: string, second: string) => (resolve: (value: string) => void) => {
  resolve(first);
  resolve(second);
};

/** Records of one key each: `k` of the first letter of the text, `null` for a dash. */
function keyed(...texts: readonly string[]): Record<string, KafkaRecord<string | null, string>> {
  const records = texts.map((value, offset) => {
    const key = value[0] === '-' ? null : (value[0] ?? null);
    return [
      String.fromCharCode(97 + offset),
      testRecord<string, string | null>({ key, value, offset }),
    ] as const;
  });
  return Object.fromEntries(records);
}

describe('mapAsync', () => {
  test('hands on what the call gives, in a record that is otherwise the same, and settles it then', () =>
    marbles(expect)(({ hot, expectObservable, expectSubscriptions }) => {
      const a = { key: 'k', timestamp: 5, offset: 0, headers: [{ key: 'h', value: null }] };
      const source = hot('  --a-----|', { a: testRecord({ ...a, value: 3 }) });
      const subscription = '^-------!';
      const result = '      -----x--|';
      const settled = '     -----a---';
      const delivered = deliver(source);
      expectObservable(delivered.records$.pipe(mapAsync(after))).toBe(result, {
        x: testRecord({ ...a, value: 3 }),
      });
      expectObservable(delivered.settled$).toBe(settled, coordinates);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    }));

  test.each([
    ['a promise', () => Promise.resolve('v'), ['v']],
    [
      'an async iterable',
      async function* () {
        yield 'v';
        yield 'w';
      },
      ['v', 'w.1'],
    ],
    ['an Observable', () => of('v'), ['v']],
    ['a foreign Observable', () => ({ [observable]: () => of('v', 'w') }) as never, ['v', 'w.1']],
    [
      'a thenable that calls back twice',
      () => Object.fromEntries([['then', twice('v', 'w')]]) as never,
      ['v'],
    ],
  ])('takes %s', async (_, call, expected) => {
    const seen: string[] = [];
    const source = new Subject<KafkaRecord<null, number>>();
    const delivered = deliver(source);
    const done = new Promise<void>(complete => {
      delivered.records$
        .pipe(mapAsync<null, number, string>(call), plain)
        .subscribe({ next: text => seen.push(text), complete });
    });
    source.next(testRecord({ value: 1 }));
    source.complete();
    await done;
    expect(seen).toEqual(expected);
    expect(delivered.settled).toEqual([0]);
  });

  test.each<[string, unknown]>([
    ['text', 'abc'],
    ['empty text', ''],
    ['an array', ['v', 'w']],
    ['an empty array', []],
    ['a Map', new Map([['a', 1]])],
    ['a Set', new Set([1, 2])],
    ['bytes', Buffer.from('abc')],
    ['typed numbers', new Uint16Array([1, 2])],
    ['an object', { a: 1 }],
    ['an iterator', [1, 2][Symbol.iterator]()],
    ['null', null],
    ['0', 0],
    ['false', false],
    ['a bigint', 1n],
  ])('a plain value is one record, in the turn of its source: %s', (_, value) => {
    const seen: KafkaRecord<null, unknown>[] = [];
    const source = new Subject<KafkaRecord<null, number>>();
    const delivered = deliver(source);
    delivered.records$
      .pipe(mapAsync(() => value as NonNullable<unknown>))
      .subscribe(record => seen.push(record));
    source.next(testRecord({ value: 1 }));
    expect(delivered.failures).toEqual([]);
    expect(seen).toHaveLength(1);
    expect(seen[0]?.value).toBe(value);
    expect(seen[0]?.ordinal).toBe('');
    expect(delivered.settled).toEqual([0]);
  });

  test.each<[string, unknown]>([
    ['text', 'abc'],
    ['an array', ['v', 'w']],
    ['undefined', undefined],
  ])('what a promise resolves to is one record, whatever it is: %s', async (_, value) => {
    const seen: unknown[] = [];
    const source = new Subject<KafkaRecord<null, number>>();
    deliver(source)
      .records$.pipe(mapAsync(async () => value))
      .subscribe(record => seen.push(record.value));
    source.next(testRecord({ value: 1 }));
    await new Promise(resolve => setImmediate(resolve));
    expect(seen).toEqual([value]);
  });

  test('several values make several records, told apart by ordinals, each handed on at once; the call settles them', () =>
    marbles(expect)(({ hot, cold, expectObservable }) => {
      const delivered = deliver(hot('--a---------|', numbered(0)));
      const call = '                   -x--y--|    ';
      const result = '               ---x--y-----|';
      const settled = '              ---------a---';
      expectObservable(
        delivered.records$.pipe(
          mapAsync(() => cold(call)),
          plain,
        ),
      ).toBe(result, { x: 'x', y: 'y.1' });
      expectObservable(delivered.settled$).toBe(settled, coordinates);
    }));

  test('no value drops the record when the call ends', () =>
    marbles(expect)(({ hot, cold, expectObservable }) => {
      const delivered = deliver(hot('--a------|', numbered(0)));
      const call = '                   ---|     ';
      const result = '               ---------|';
      const settled = '              -----a----';
      expectObservable(delivered.records$.pipe(mapAsync(() => cold(call)))).toBe(result);
      expectObservable(delivered.settled$).toBe(settled, coordinates);
    }));

  test('a synchronous result goes on in the frame', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      const records = numbered(1, 2);
      const delivered = deliver(hot('--a--b--|', records));
      const result = '               --a--b--|';
      expectObservable(delivered.records$.pipe(mapAsync(value => of(value)))).toBe(result, records);
      expectObservable(delivered.settled$).toBe('--a--b---', coordinates);
    }));

  describe('order', () => {
    const call = (text: string) => timer(Number(text.slice(1))).pipe(map(() => text));
    // The frames of each call stand behind its key; a dash is no key at all.
    const records = keyed('p7', 'q2', 'p3', '-3', '-4');
    const names = { p: 'p7', q: 'q2', r: 'p3', s: '-3', t: '-4' };

    test('by key, the default: the next of a key begins when the one before has ended; no key, no order', () =>
      marbles(expect)(({ hot, expectObservable }) => {
        const delivered = deliver(hot('abcde---------|', records));
        const result = '               ---q--spt-r---|';
        const settled = '              ---b--dae-c----';
        expectObservable(delivered.records$.pipe(mapAsync(call), plain)).toBe(result, names);
        expectObservable(delivered.settled$).toBe(settled, coordinates);
      }));

    test('by partition: one after the other', () =>
      marbles(expect)(({ hot, expectObservable }) => {
        const delivered = deliver(hot('abcde---------------|', records));
        const result = '               -------p-q--r--s---t|';
        expectObservable(delivered.records$.pipe(mapAsync(call, { order: 'partition' }), plain)).toBe(
          result,
          names,
        );
      }));

    test('by partition: partitions do not wait for each other', () =>
      marbles(expect)(({ hot, expectObservable }) => {
        const two = { a: testRecord({ value: 'p7' }), b: testRecord({ value: 'q2', partition: 1 }) };
        const delivered = deliver(hot('ab-----------|', two));
        const result = '               ---q---p-----|';
        expectObservable(delivered.records$.pipe(mapAsync(call, { order: 'partition' }), plain)).toBe(
          result,
          names,
        );
      }));

    test('none: as they end', () =>
      marbles(expect)(({ hot, expectObservable }) => {
        const delivered = deliver(hot('abcde---------|', records));
        const result = '               ---q-rspt-----|';
        expectObservable(delivered.records$.pipe(mapAsync(call, { order: 'none' }), plain)).toBe(
          result,
          names,
        );
      }));

    test.each([
      ['bytes', Buffer.from('k'), Buffer.from('k')],
      ['objects', { id: 1 }, { id: 1 }],
      ['numbers', 7, 7],
      ['objects with a bigint', { id: 1n }, { id: 1n }],
      ['bytes that are no Buffer', new Uint8Array([1, 2]), new Uint8Array([1, 2])],
      [
        'bytes that say another length',
        Buffer.from('k'),
        Object.defineProperty(Buffer.from('k'), 'length', { value: 0 }),
      ],
    ])('equal keys are one key: %s', (_, first, second) =>
      marbles(expect)(({ hot, expectObservable }) => {
        const source = hot('ab-------|', {
          a: testRecord({ key: first, value: 3 }),
          b: testRecord({ key: second, value: 1, offset: 1 }),
        });
        const result = '    ---xy----|';
        expectObservable(deliver(source).records$.pipe(mapAsync(after), plain)).toBe(result, {
          x: '3',
          y: '1',
        });
      }),
    );
  });

  test.each<[string, () => object]>([
    ['circular', circular],
    ['one whose toJSON throws', () => ({ toJSON: () => raise() })],
    [
      'one whose field throws',
      () =>
        Object.defineProperty({}, 'id', {
          enumerable: true,
          get: () => raise(),
        }),
    ],
  ])('an object key that cannot be compared is a process problem of its record: %s', (_, key) => {
    const source = new Subject<KafkaRecord<object, number>>();
    const skipping = deliver(source, { policies: { process: 'skip' } });
    const failing = deliver(source);
    const seen: number[] = [];
    skipping.records$.pipe(mapAsync(value => of(value))).subscribe(({ value }) => seen.push(value));
    failing.records$.pipe(mapAsync(value => of(value))).subscribe();
    source.next(testRecord<number, object>({ key: key(), value: 1, offset: 0 }));
    source.next(testRecord<number, object>({ key: { id: 1 }, value: 2, offset: 1 }));
    expect([seen, skipping.settled, skipping.dropped]).toEqual([[2], [0, 1], { skipped: 1 }]);
    expect(failing.failures).toMatchObject([
      { code: 'PROCESS', at: { offset: 0 }, remedy: expect.stringContaining("order: 'partition'") },
    ]);
    expect([failing.settled, String(failing.failures[0])]).toEqual([
      [],
      expect.not.stringContaining('secret'),
    ]);
  });

  test('has at most so many calls under way', () =>
    marbles(expect)(({ hot, expectObservable, flush }) => {
      const delivered = deliver(hot('(abcde)-----------|', numbered(4, 4, 4, 4, 4)));
      // Two at a time, four frames each.
      const result = '               ----(xx)(xx)x-----|';
      let running = 0;
      let most = 0;
      const call = (frames: number) => {
        most = Math.max(most, ++running);
        return after(frames).pipe(
          map(value => {
            running--;
            return value;
          }),
        );
      };
      expectObservable(
        delivered.records$.pipe(
          mapAsync(call, { concurrency: 2 }),
          map(() => 'x'),
        ),
      ).toBe(result);
      flush();
      expect(most).toBe(2);
      expect(delivered.pending).toBe(0);
    }));

  test('completes when the source has and the calls under way and waiting have ended', () =>
    marbles(expect)(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('           (ab|)       ', numbered(3, 4));
      const subscription = '         (^!)        ';
      const result = '               ---x---(y|) ';
      expectObservable(deliver(source).records$.pipe(mapAsync(after, { concurrency: 1 }), plain)).toBe(
        result,
        { x: '3', y: '4' },
      );
      expectSubscriptions(source.subscriptions).toBe(subscription);
    }));

  test('an error of the source passes at once, and ends the calls; what they held is never settled', () =>
    marbles(expect)(({ hot, cold, expectObservable, expectSubscriptions, flush }) => {
      const delivered = deliver(hot('--a--#   ', numbered(0), 'broken'));
      const inner = cold('             ------x|');
      const ended = '                --^--!   ';
      const result = '               -----#   ';
      expectObservable(delivered.records$.pipe(mapAsync(() => inner))).toBe(result, undefined, 'broken');
      expectSubscriptions(inner.subscriptions).toBe(ended);
      flush();
      expect([delivered.settled, delivered.pending]).toEqual([[], 1]);
    }));

  test('unsubscribing ends the calls, starts none that waits and settles nothing', () =>
    marbles(expect)(({ hot, cold, expectObservable, expectSubscriptions, flush }) => {
      const source = hot('           --ab------|', numbered(0, 1));
      const inner = cold('             ------x|');
      const subscription = '         ^-----!   ';
      const called = '               --^---!   ';
      const delivered = deliver(source);
      expectObservable(delivered.records$.pipe(mapAsync(() => inner, { concurrency: 1 })), subscription).toBe(
        '-------',
      );
      expectSubscriptions(source.subscriptions).toBe(subscription);
      expectSubscriptions(inner.subscriptions).toBe(called);
      flush();
      expect([delivered.settled, delivered.pending]).toEqual([[], 2]);
    }));

  test('is no break in the chain between subscriber and source', () =>
    marbles(expect)(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('     --ab------|', numbered(0, 1));
      const inner = cold('       --x--x|');
      const subscription = '   ^---!      ';
      const called = ['        --^-!      ', '---^!'];
      const result = '         ----(x|)   ';
      const chained = deliver(source).records$.pipe(
        mergeMap(record => of(record)),
        mapAsync(() => inner),
        mergeMap(() => of('x')),
        take(1),
      );
      expectObservable(chained).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(subscription);
      expectSubscriptions(inner.subscriptions).toBe(called);
    }));

  describe('failures', () => {
    const fails = (value: number) =>
      value < 0 ? timer(1).pipe(mergeMap(() => throwError(() => new Error('secret')))) : after(value);

    test.each([
      ['fail, the default', {}, {}, [0], { 'after-end': 1 }],
      ['skip', { process: 'skip' }, {}, [0, 1, 2], { skipped: 1 }],
      ['dead-letter', { process: 'dead-letter' }, {}, [0, 1, 2], { 'dead-lettered': 1 }],
      ['its own before that of the app', { process: 'fail' }, { onError: 'skip' }, [0, 1, 2], { skipped: 1 }],
      ['its own fail', { process: 'skip' }, { onError: 'fail' }, [0], { 'after-end': 1 }],
    ] as const)(
      'a call that fails is a process problem of its record alone: %s',
      (_, policies, options, settled, dropped) =>
        marbles(expect)(({ hot, expectObservable, flush }) => {
          const delivered = deliver(hot('abc-----|', numbered(1, -1, 1)), { policies });
          const result = settled.length === 3 ? '-x-x----|' : '-x------|';
          expectObservable(
            delivered.records$.pipe(
              mapAsync(fails, options),
              map(() => 'x'),
            ),
          ).toBe(result);
          flush();
          expect(delivered.settled).toEqual(settled);
          expect(delivered.dropped).toEqual(dropped);
          expect(delivered.failures).toMatchObject(
            settled.length === 3 ? [] : [{ code: 'PROCESS', at: { offset: 1 } }],
          );
        }),
    );

    test('a throw and a missing result count as failed calls', () =>
      marbles(expect)(({ hot, expectObservable, flush }) => {
        const calls = [
          () => {
            throw new Error('secret');
          },
          // What a function without types gives that forgot to return its promise.
          () => undefined as never,
        ];
        const delivered = calls.map(call => {
          const one = deliver(hot('a-b--|', numbered(0)));
          expectObservable(one.records$.pipe(mapAsync(call))).toBe('-----|');
          return one;
        });
        flush();
        const failures = delivered.flatMap(one => one.failures);
        expect(failures.map(({ code, at }) => [code, at?.offset])).toEqual([
          ['PROCESS', 0],
          ['PROCESS', 0],
        ]);
        expect(failures[1]?.message).toContain('Return its promise');
        expect(failures[0]?.message).not.toContain('secret');
      }));

    test('retry calls again in place: what waits behind it by its key still comes after it', () =>
      marbles(expect)(({ hot, expectObservable, flush }) => {
        let calls = 0;
        const flaky = (text: string) => (text === 'p' && ++calls < 3 ? throwError(() => 'no') : of(text));
        const source = hot('abc---------------|', keyed('p', 'pp', 'q'));
        const options = { onError: retry({ attempts: 3, initialDelayMs: 4 }) };
        // Tries at frames 0, 4 and 12.
        const result = '    --x---------(yz)--|';
        expectObservable(deliver(source).records$.pipe(mapAsync(flaky, options), plain)).toBe(result, {
          x: 'q',
          y: 'p',
          z: 'pp',
        });
        flush();
        expect(calls).toBe(3);
      }));

    test('what a stream gave before its error has gone out, and comes again with a retry, under the same ordinals', () =>
      marbles(expect)(({ hot, expectObservable }) => {
        let calls = 0;
        const breaks = () =>
          ++calls < 3
            ? concat(
                of('x', 'y'),
                throwError(() => 'no'),
              )
            : of('x', 'y', 'z');
        const delivered = deliver(hot('a-------------|', numbered(0)));
        const options = { onError: retry({ attempts: 2, initialDelayMs: 4, maxDelayMs: 4 }) };
        // Tries at frames 0, 4 and 8.
        const result = '(xy)(xy)(xyz)-|';
        expectObservable(delivered.records$.pipe(mapAsync(breaks, options), plain)).toBe(result, {
          x: 'x',
          y: 'y.1',
          z: 'z.2',
        });
      }));

    test('retry, all tries gone: what then says', () =>
      marbles(expect)(({ hot, expectObservable, flush }) => {
        let calls = 0;
        const fails = () => throwError(() => `${++calls}`);
        const delivered = deliver(hot('a--------|', numbered(0)), {
          policies: { process: twiceThenSkip },
        });
        // Tries at frames 0, 1 and 3.
        const settled = '              ---a------';
        expectObservable(delivered.records$.pipe(mapAsync(fails))).toBe('---------|');
        expectObservable(delivered.settled$).toBe(settled, coordinates);
        flush();
        expect([calls, delivered.dropped]).toEqual([3, { skipped: 1 }]);
      }));

    test('unsubscribing cancels a retry that waits', () =>
      marbles(expect)(({ hot, expectObservable, flush }) => {
        let calls = 0;
        const fails = () => throwError(() => `${++calls}`);
        const delivered = deliver(hot('a------', numbered(0)));
        const unsubscribed = '         ^--!   ';
        expectObservable(
          delivered.records$.pipe(mapAsync(fails, { onError: retry({ initialDelayMs: 5 }) })),
          unsubscribed,
        ).toBe('-------');
        flush();
        expect([calls, delivered.settled]).toEqual([1, []]);
      }));

    test('nor is its timer left behind', () => {
      const clock = new VirtualClock();
      const source = new Subject<KafkaRecord<null, number>>();
      const fails = mapAsync<null, number, never>(() => throwError(() => 'no'), { onError: retry() });
      const subscription = deliver(source, { clock }).records$.pipe(fails).subscribe();
      source.next(testRecord({ value: 1 }));
      expect(clock.pending).toBe(1);
      subscription.unsubscribe();
      expect(clock.pending).toBe(0);
    });

    test('a record without an app has no policy: the error goes down the stream', () =>
      marbles(expect)(({ hot, expectObservable, expectSubscriptions }) => {
        const source = hot('  --a--b--', numbered(-1, 1));
        const subscription = '^--!    ';
        const result = '      ---#    ';
        expectObservable(source.pipe(mapAsync(fails, { onError: 'skip' }))).toBe(
          result,
          undefined,
          expect.objectContaining({ code: 'PROCESS' }),
        );
        expectSubscriptions(source.subscriptions).toBe(subscription);
      }));
  });

  describe('a partition that goes to another member', () => {
    test('aborts the signal of the calls under way, and not before', () => {
      const signals: AbortSignal[] = [];
      const source = new Subject<KafkaRecord<null, number>>();
      const delivered = deliver(source);
      delivered.records$
        .pipe(
          mapAsync((_value, _record, signal) => {
            signals.push(signal);
            return NEVER;
          }),
        )
        .subscribe();
      source.next(testRecord({ value: 1 }));
      expect(signals.map(signal => signal.aborted)).toEqual([false]);
      delivered.revoke();
      expect(signals.map(signal => signal.aborted)).toEqual([true]);
    });

    test('a call that rejects because it was aborted is dropped and counted, and fails nothing', async () => {
      const source = new Subject<KafkaRecord<null, number>>();
      const delivered = deliver(source);
      const call = (_value: number, _record: unknown, signal: AbortSignal) =>
        new Promise<number>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      delivered.records$.pipe(mapAsync(call)).subscribe();
      source.next(testRecord({ value: 1 }));
      delivered.revoke();
      await new Promise(resolve => setImmediate(resolve));
      expect([delivered.failures, delivered.dropped]).toEqual([[], { 'stale-epoch': 1 }]);
    });

    test('what waited is not called any more; each record is counted once; the new epoch goes on', () => {
      const calls: number[] = [];
      const gates: Subject<number>[] = [];
      const source = new Subject<KafkaRecord<null, number>>();
      const delivered = deliver(source);
      const seen: number[] = [];
      const call = (value: number) => {
        calls.push(value);
        const gate = new Subject<number>();
        gates.push(gate);
        return gate.pipe(take(1));
      };
      const options = { concurrency: 1 };
      delivered.records$.pipe(mapAsync(call, options)).subscribe(({ value }) => seen.push(value));
      source.next(testRecord({ value: 1, offset: 0 }));
      source.next(testRecord({ value: 2, offset: 1 }));
      delivered.revoke();
      source.next(testRecord({ value: 3, offset: 1 }));
      gates[0]?.next(1);
      expect(calls).toEqual([1, 3]);
      gates[1]?.next(3);
      expect(delivered.settled).toEqual([1]);
      expect(delivered.dropped).toEqual({ 'stale-epoch': 2 });
      expect(seen).toEqual([1, 3]);
    });
  });

  describe('dispatch windows', () => {
    test('an emission is inside its window: a leasing operator or sink behind it takes the record', () =>
      marbles(expect)(({ hot, expectObservable, flush }) => {
        const delivered = deliver(hot('a-----|', numbered(1)));
        const taken: boolean[] = [];
        const result = '               -(xx)-|';
        const takes = map((record: KafkaRecord) => {
          taken.push(lease(record, 'sink'));
          release(record);
          return 'x';
        });
        const twice = delivered.records$.pipe(
          mapAsync(after),
          mapAsync(() => from([2, 3])),
        );
        expectObservable(twice.pipe(takes)).toBe(result);
        flush();
        expect([taken, delivered.failures]).toEqual([[true, true], []]);
      }));

    test('a call outside the window fails the app with the way out, and is not made', () =>
      marbles(expect)(({ hot, expectObservable, flush }) => {
        const delivered = deliver(hot('a-----|', numbered(1)));
        let calls = 0;
        const late = delivered.records$.pipe(
          mergeMap(record => timer(2).pipe(map(() => record))),
          mapAsync(() => {
            calls++;
            return EMPTY;
          }),
        );
        expectObservable(late).toBe('------|');
        flush();
        expect(calls).toBe(0);
        expect(delivered.failures).toMatchObject([{ code: 'OUTSIDE_DISPATCH_WINDOW', at: coordinates['a'] }]);
        expect(delivered.failures[0]?.message).toMatch(
          /mapAsync'.*mapAsync, batch or through.*docs\/operators\.md/,
        );
      }));
  });

  test.each([0, -1, Number.NaN])('refuses a concurrency of %p', concurrency => {
    expect(() => mapAsync(after, { concurrency })).toThrow(
      expect.objectContaining({ code: 'CONFIGURATION' }),
    );
  });

  test('in an app: a record is committed when what its call gave is written, and not before', async () => {
    const answers = new Subject<number>();
    const t = await testApp(app => {
      const answered = app.topic('in', { value: number }).pipe(mapAsync(() => answers.pipe(take(1))));
      answered.subscribe(app.to('out', { value: number }));
    });
    t.pipeIn('in', [{ value: '1' }]);
    await t.advance(60_000);
    await t.idle();
    expect(t.committed('in')).toEqual([-1]);
    answers.next(7);
    await t.advance(1000);
    await t.idle();
    expect(t.read('out', { value: number })).toMatchObject([{ value: 7 }]);
    expect(t.committed('in')).toEqual([1]);
    await t.stop();
  });
});

function raise(): never {
  throw new Error('secret');
}

function circular(): object {
  const key: { self?: object } = {};
  key.self = key;
  return key;
}

describe('partitions at a barrier', () => {
  const of = (partition: number, value: string, key: string | null = null) =>
    testRecord<string, string | null>({ key, value, partition });
  const slowly = (value: string) => timer(4).pipe(map(() => value.toUpperCase()));

  test('are served before others that wait, in their order', () =>
    marbles(expect)(({ hot, expectObservable, flush }) => {
      const records = { a: of(0, 'a'), b: of(0, 'b'), c: of(0, 'c'), x: of(1, 'x'), y: of(1, 'y') };
      const delivered = deliver(hot('abcxy-------------|', records));
      const result = '               ----A---B---X---Y---(C|)';
      const partitions = new Partitions();
      timer(5).subscribe(() => partitions.barrier(1));
      const called = delivered.records$.pipe(
        partitions.seen(),
        mapAsync(slowly, { concurrency: 1, order: 'none' }),
        plain,
      );
      expectObservable(called).toBe(result);
      flush();
      expect(delivered.pending).toBe(0);
    }));

  test('are served first with what comes then too; afterwards the others', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      const records = {
        a: of(0, 'a'),
        b: of(0, 'b'),
        x: of(1, 'x'),
        y: of(1, 'y'),
        c: of(0, 'c'),
        d: of(0, 'd'),
      };
      const delivered = deliver(hot('axb---yc--------d-|', records));
      const result = '               ----A---X---Y---B---C---(D|)';
      const partitions = new Partitions();
      timer(3).subscribe(() => partitions.barrier(1));
      timer(15).subscribe(() => partitions.over(1));
      const called = delivered.records$.pipe(
        partitions.seen(),
        mapAsync(slowly, { concurrency: 1, order: 'none' }),
        plain,
      );
      expectObservable(called).toBe(result);
    }));

  test('wait for what is before them under their key, which goes first for that', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      const records = {
        a: of(0, 'a', 'j'),
        b: of(0, 'b', 'k'),
        c: of(0, 'c', 'l'),
        d: of(0, 'd', 'm'),
        x: of(1, 'x', 'm'),
      };
      const delivered = deliver(hot('abcdx---------------|', records));
      const result = '               ----A---B---D---X---(C|)';
      const partitions = new Partitions();
      timer(5).subscribe(() => partitions.barrier(1));
      const called = delivered.records$.pipe(partitions.seen(), mapAsync(slowly, { concurrency: 1 }), plain);
      expectObservable(called).toBe(result);
    }));

  test('are asked for until the subscription ends', () => {
    const source = new Subject<KafkaRecord<null, string>>();
    const asks = new FlushAsks();
    const subscription = deliver(source)
      .records$.pipe(
        asks.counted(),
        mapAsync(async value => value),
      )
      .subscribe();
    source.next(testRecord({ value: 'a' }));
    source.next(testRecord({ value: 'b', offset: 1 }));
    expect([asks.count, asks.leave.mock.calls.length]).toEqual([1, 0]);
    subscription.unsubscribe();
    expect(asks.leave).toHaveBeenCalledTimes(1);
  });
});
