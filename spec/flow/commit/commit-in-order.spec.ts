import { from, NEVER, Subject } from 'rxjs';
import {
  type CommitPoint,
  commitInOrder,
  type DeliveryEvent,
  type LaneIdentity,
} from '../../../lib/flow/commit/commit-in-order.js';
import { marbles, testRecord } from '../../../lib/testing/index.js';

const lane = (epoch: number, partition = 0): LaneIdentity => ({
  topic: 't',
  partition,
  epoch,
  slot: partition,
});

/** Offsets are a hundred above the sequence numbers. */
const settled = (sequence: number, at = lane(1)): DeliveryEvent => ({
  kind: 'settled',
  lane: at,
  sequence,
  offset: 100 + sequence,
});
const advanced = (sequence: number, offset: number, at = lane(1)): DeliveryEvent => ({
  kind: 'advanced',
  lane: at,
  sequence,
  offset,
});
const revoked = (at = lane(1)): DeliveryEvent => ({ kind: 'revoked', lane: at });

/** The commit point above `count` deliveries. */
const below = (count: number, at = lane(1), offset = 100 + count): CommitPoint => ({
  ...at,
  offset,
  deliveriesBelow: count,
});

const first = { 0: settled(0), 1: settled(1), 2: settled(2), 3: settled(3) };
const points = { a: below(1), b: below(2), c: below(3), d: below(4) };

describe('commitInOrder', () => {
  test('commits each delivery as it settles in order', () =>
    marbles(expect)(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  --0--1--2--|', first);
      const subs = '        ^----------!';
      const expected = '    --a--b--c--|';
      expectObservable(source.pipe(commitInOrder())).toBe(expected, points);
      expectSubscriptions(source.subscriptions).toBe(subs);
    }));

  test('commits never pass an unsettled delivery', () =>
    marbles(expect)(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  --1--3--0--2--|', first);
      const subs = '        ^-------------!';
      const expected = '    --------b--d--|';
      expectObservable(source.pipe(commitInOrder())).toBe(expected, points);
      expectSubscriptions(source.subscriptions).toBe(subs);
    }));

  test('what never settled is never committed, not even on completion', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      const source = hot('  --0--2--3--|', first);
      const expected = '    --a--------|';
      expectObservable(source.pipe(commitInOrder())).toBe(expected, points);
    }));

  test('doubles are harmless', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      const source = hot('  -0-0-2-2-1-0-2-3-|', first);
      const expected = '    -a-------c-----d-|';
      expectObservable(source.pipe(commitInOrder())).toBe(expected, points);
    }));

  test('an advance is committed in its turn, so that lag reaches 0', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      //                        two deliveries, then the log goes on at 150
      const source = hot('  --x--1--0--|', { ...first, x: advanced(2, 150) });
      const expected = '    --------p--|';
      expectObservable(source.pipe(commitInOrder())).toBe(expected, { p: below(3, lane(1), 150) });
    }));

  test('an advance alone is committed', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      const source = hot('  --x--|', { x: advanced(0, 7) });
      const expected = '    --p--|';
      expectObservable(source.pipe(commitInOrder())).toBe(expected, { p: below(1, lane(1), 7) });
    }));

  test('a newer epoch starts at its own sequence 0, and what is left of the older is ignored', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      const events = { ...first, n: settled(0, lane(2)), m: settled(1, lane(2)) };
      const source = hot('  --0--2--n--1--m--|', events);
      const expected = '    --a-----N-----M--|';
      const values = { ...points, N: below(1, lane(2)), M: below(2, lane(2)) };
      expectObservable(source.pipe(commitInOrder())).toBe(expected, values);
    }));

  test('a rewind is a newer epoch: offsets may start lower', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      const again: DeliveryEvent = { kind: 'settled', lane: lane(2), sequence: 0, offset: 5 };
      const source = hot('  --0--1--r--|', { ...first, r: again });
      const expected = '    --a--b--R--|';
      expectObservable(source.pipe(commitInOrder())).toBe(expected, { ...points, R: below(1, lane(2), 6) });
    }));

  test('nothing of a revoked epoch is committed, however late it settles', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      const source = hot('  --0--2--x--1--3--|', { ...first, x: revoked() });
      const expected = '    --a--------------|';
      expectObservable(source.pipe(commitInOrder())).toBe(expected, points);
    }));

  test('an older epoch stays refused after a revoke, a newer one is taken up', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      const source = hot('  --x--0--n--|', {
        0: settled(0, lane(1)),
        x: revoked(lane(2)),
        n: settled(0, lane(3)),
      });
      const expected = '    --------N--|';
      expectObservable(source.pipe(commitInOrder())).toBe(expected, { N: below(1, lane(3)) });
    }));

  test('a late revoke of an older epoch does not end the newer', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      const source = hot('  --n--x--m--|', {
        n: settled(0, lane(2)),
        x: revoked(lane(1)),
        m: settled(1, lane(2)),
      });
      const expected = '    --N-----M--|';
      expectObservable(source.pipe(commitInOrder())).toBe(expected, {
        N: below(1, lane(2)),
        M: below(2, lane(2)),
      });
    }));

  test('partitions do not wait for each other, nor share an epoch', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      const other = lane(4, 1);
      const events = { ...first, p: settled(0, other), q: settled(1, other), x: revoked(lane(1)) };
      const source = hot('  --1--p--0--x--2--q--|', events);
      const expected = '    -----P--b--------Q--|';
      expectObservable(source.pipe(commitInOrder())).toBe(expected, {
        ...points,
        P: below(1, other),
        Q: below(2, other),
      });
    }));

  test('an error goes through at once, with nothing committed for it', () =>
    marbles(expect)(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  --0--2--#', first);
      const subs = '        ^-------!';
      const expected = '    --a-----#';
      expectObservable(source.pipe(commitInOrder())).toBe(expected, points);
      expectSubscriptions(source.subscriptions).toBe(subs);
    }));

  test('unsubscribing unsubscribes the source, and nothing more is committed', () =>
    marbles(expect)(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  --0--1--2--|', first);
      const unsub = '       ------!     ';
      const subs = '        ^-----!     ';
      const expected = '    --a--b-     ';
      expectObservable(source.pipe(commitInOrder()), unsub).toBe(expected, points);
      expectSubscriptions(source.subscriptions).toBe(subs);
    }));

  test('each subscriber has a watermark of its own', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      const committed = hot('--0--1--2--|', first).pipe(commitInOrder());
      expectObservable(committed).toBe('--a--b--c--|', points);
      // It has not seen sequence 0, and cannot know that it settled.
      expectObservable(committed, '---^').toBe('-----------|', points);
    }));

  test('says nothing while nothing settles', () =>
    marbles(expect)(({ expectObservable }) => {
      expectObservable(NEVER.pipe(commitInOrder())).toBe('---');
    }));

  test('a commit point is out before the event that caused it has returned', () => {
    const events$ = new Subject<DeliveryEvent>();
    const seen: number[] = [];
    events$.pipe(commitInOrder()).subscribe(point => seen.push(point.offset));
    events$.next(settled(1));
    expect(seen).toEqual([]);
    events$.next(settled(0));
    expect(seen).toEqual([102]);
  });

  const anEvent = { kind: 'settled', lane: lane(1), sequence: 0, offset: 7 };
  test.each<[string, unknown]>([
    ['text as offset', { ...anEvent, offset: '7' }],
    ['an offset with a fraction', { ...anEvent, offset: 7.5 }],
    ['an offset below 0', { ...anEvent, offset: -1 }],
    ['no offset', { ...anEvent, offset: undefined }],
    ['no number', { ...anEvent, sequence: Number.NaN }],
    ['another kind', { ...anEvent, kind: 'done' }],
    ['no kind', { ...anEvent, kind: undefined }],
    ['no lane', { ...anEvent, lane: undefined }],
    ['a lane without an epoch', { ...anEvent, lane: { ...lane(1), epoch: undefined } }],
    ['a lane without a slot', { ...anEvent, lane: { topic: 't', partition: 0, epoch: 1 } }],
    ['a lane without a topic', { ...anEvent, lane: { ...lane(1), topic: undefined } }],
    ['a lane without a partition', { ...anEvent, lane: { ...lane(1), partition: '0' } }],
    ['a record', testRecord({ value: 'a' })],
  ])('an event with %s is refused, and nothing is committed by it or after it', (_, event) => {
    const seen: unknown[] = [];
    const heard: unknown[] = [];
    from([event as DeliveryEvent, settled(0)])
      .pipe(commitInOrder())
      .subscribe({ next: point => seen.push(point), error: error => heard.push(error) });
    expect(seen).toEqual([]);
    expect(heard).toEqual([
      expect.objectContaining({ code: 'WITHOUT_DELIVERY', remedy: expect.stringContaining('sequence') }),
    ]);
  });

  test('offsets in the place of sequence numbers are told as such, before memory is asked for', () => {
    const heard: unknown[] = [];
    from([settled(0), { ...settled(1), sequence: 40_000_000_000 }])
      .pipe(commitInOrder())
      .subscribe({ error: error => heard.push(error) });
    expect(heard).toEqual([
      expect.objectContaining({
        code: 'WITHOUT_DELIVERY',
        at: { topic: lane(1).topic, partition: lane(1).partition, offset: 101 },
        remedy: expect.stringContaining('not their offset'),
      }),
    ]);
  });
});
