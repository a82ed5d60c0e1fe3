import { type Coordinates, type KafkaRecord, retry } from 'kafka-rx';
import { batch, mapAsync, mapValue } from 'kafka-rx/operators';
import { deliver, marbles, testRecord, VirtualClock } from 'kafka-rx/testing';
import { delay, map, Subject, timer } from 'rxjs';

const record = (offset: number, value: string): KafkaRecord<null, string> => testRecord({ offset, value });
const a = record(0, 'a');
const b = record(1, 'b');
const at = (offset: number): Coordinates => ({ topic: 'test', partition: 0, offset });

describe('deliver', () => {
  test('opens a delivery for each record, which settles at once when nothing holds it', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      const delivered = deliver(hot('-a-b-|', { a, b }));
      expectObservable(delivered.settled$).toBe('-a-b', { a: at(0), b: at(1) });
      expectObservable(delivered.records$).toBe('-a-b-|', { a, b });
    }));

  test('shows what an operator holds, in virtual time', () =>
    marbles(expect)(({ hot, expectObservable, flush }) => {
      const delivered = deliver(hot('-a-b------|', { a, b }));
      const slow = mapAsync((value: string) => timer(value === 'a' ? 5 : 1).pipe(map(() => `${value}!`)));
      expectObservable(delivered.settled$).toBe('----b-a', { a: at(0), b: at(1) });
      expectObservable(delivered.records$.pipe(slow)).toBe('----b-a---|', {
        a: a.withValue('a!'),
        b: b.withValue('b!'),
      });
      flush();
      expect(delivered.settled).toEqual([1, 0]);
      expect(delivered.pending).toBe(0);
    }));

  test('counts what is pending, and flush makes gathered records move on', () => {
    const source = new Subject<KafkaRecord<null, string>>();
    const delivered = deliver(source, { clock: new VirtualClock() });
    const seen: number[] = [];
    delivered.records$.pipe(batch(records => records.length)).subscribe(made => seen.push(made.value));
    source.next(a);
    source.next(b);
    expect([delivered.pending, delivered.settled, seen]).toEqual([2, [], []]);
    delivered.flush();
    expect([delivered.pending, delivered.settled, seen]).toEqual([0, [0, 1], [2]]);
  });

  test('runs on the clock that it is given', () => {
    const source = new Subject<KafkaRecord<null, string>>();
    const clock = new VirtualClock();
    const delivered = deliver(source, { clock });
    delivered.records$.pipe(batch(records => records.length, { maxWaitMs: 100 })).subscribe();
    source.next(a);
    clock.advance(99);
    expect(delivered.pending).toBe(1);
    clock.advance(1);
    expect(delivered.pending).toBe(0);
  });

  test('revoke ends the epoch: what is under way is dropped and counted, what comes then is not', () => {
    const source = new Subject<KafkaRecord<null, string>>();
    const clock = new VirtualClock();
    const delivered = deliver(source, { clock });
    const seen: number[] = [];
    delivered.records$
      .pipe(batch(records => records.length, { maxWaitMs: 100 }))
      .subscribe(made => seen.push(made.value));
    source.next(a);
    delivered.revoke();
    source.next(b);
    clock.advance(100);
    expect(seen).toEqual([1]);
    expect(delivered.dropped['stale-epoch']).toBeGreaterThan(0);
    expect(delivered.settled).toEqual([1]);
  });

  test('applies policies: fail is shown and holds, skip is counted and settles', () => {
    const run = (policy: 'fail' | 'skip' | 'dead-letter' | undefined) => {
      const source = new Subject<KafkaRecord<null, string>>();
      const delivered = deliver(source, { policies: { process: policy } });
      delivered.records$
        .pipe(
          mapValue(() => {
            throw new Error('no');
          }),
        )
        .subscribe();
      source.next(a);
      return {
        failures: delivered.failures.map(({ code }) => code),
        dropped: delivered.dropped,
        settled: delivered.settled,
      };
    };
    const failed = { failures: ['PROCESS'], dropped: {}, settled: [] };
    expect(run(undefined)).toEqual(failed);
    expect(run('fail')).toEqual(failed);
    expect(run('skip')).toEqual({ failures: [], dropped: { skipped: 1 }, settled: [0] });
    expect(run('dead-letter')).toEqual({ failures: [], dropped: { 'dead-lettered': 1 }, settled: [0] });
  });

  test('applies the retry of a policy', async () => {
    const source = new Subject<KafkaRecord<null, string>>();
    const clock = new VirtualClock();
    const delivered = deliver(source, {
      clock,
      policies: { process: retry({ attempts: 2, initialDelayMs: 10 }) },
    });
    let calls = 0;
    delivered.records$
      .pipe(
        mapAsync(() => {
          if (++calls < 3) throw new Error('busy');
          return ['done'];
        }),
      )
      .subscribe();
    source.next(a);
    clock.advance(10);
    expect([calls, delivered.settled]).toEqual([2, []]);
    clock.advance(20);
    expect([calls, delivered.settled, delivered.failures]).toEqual([3, [0], []]);
  });

  test('shows a leasing operator behind one that holds records as the failure that it is', () =>
    marbles(expect)(({ hot, expectObservable, flush }) => {
      const delivered = deliver(hot('-a-|', { a }));
      expectObservable(
        delivered.records$.pipe(
          delay(5),
          mapAsync(value => [value]),
        ),
      ).toBe('------|');
      flush();
      expect(delivered.failures.map(({ code }) => code)).toEqual(['OUTSIDE_DISPATCH_WINDOW']);
    }));

  test('errors and completion of the source go through', () =>
    marbles(expect)(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold<KafkaRecord<null, string>>('-a-#', { a });
      expectObservable(deliver(source).records$, '------!').toBe('-a-#', { a });
      expectSubscriptions(source.subscriptions).toBe('^--!');
    }));
});

describe('marbles', () => {
  test('tell records apart by their plain forms, deliveries left out', () => {
    const compare = (left: unknown, right: unknown) => () =>
      marbles(expect)(({ hot, expectObservable }) => {
        expectObservable(hot('a', { a: left })).toBe('a', { a: right });
      });
    const same = testRecord({ value: 1, key: 'k' });
    expect(compare(same, testRecord({ value: 1, key: 'k' }))).not.toThrow();
    expect(compare(same, same.withValue(2))).toThrow();
    expect(compare(same, same.withKey('other'))).toThrow();
    expect(compare(same, same.withHeaders([{ key: 'h', value: null }]))).toThrow();
    expect(compare([same], [testRecord({ value: 1, key: 'k', offset: 1 })])).toThrow();
    expect(compare({ in: same }, { in: testRecord({ value: 1, key: 'k', timestamp: 1 }) })).toThrow();
  });
});

describe('testRecord', () => {
  test('has a place, a time and no headers, unless told', () => {
    expect(testRecord({ value: 1 })).toMatchObject({
      key: null,
      value: 1,
      topic: 'test',
      partition: 0,
      offset: 0,
      timestamp: 0,
      headers: [],
      ordinal: '',
    });
    expect(
      testRecord({ value: 1, key: 'k', topic: 't', partition: 2, offset: 3, timestamp: 4 }),
    ).toMatchObject({
      key: 'k',
      topic: 't',
      partition: 2,
      offset: 3,
      timestamp: 4,
    });
  });
});
