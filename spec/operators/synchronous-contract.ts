import { map, mergeMap, type OperatorFunction, of, take } from 'rxjs';
import { retry } from '../../lib/errors/policies/policy.js';
import type { OperatorOptions } from '../../lib/errors/policies/process-failed.js';
import type { KafkaRecord } from '../../lib/record/record.js';
import { deliver, marbles } from '../../lib/testing/index.js';
import { coordinates, numbered } from './numbered.js';

const thenSkip = retry({ otherwise: 'skip' });

/** What every synchronous operator of ours is held to. */
export interface SynchronousSubject<V> {
  /** The operator under test, doing whatever it does. */
  readonly operator: (options?: OperatorOptions) => OperatorFunction<KafkaRecord<null, V>, KafkaRecord>;
  /** Its name in errors. */
  readonly name: string;
  /** A value that passes, one record out for one in. */
  readonly good: V;
  /** A value on which it throws. */
  readonly bad: V;
  /** What its function throws; left out where it has none. */
  readonly cause?: unknown;
}

/** Every synchronous operator passes these tests: it holds nothing, keeps no chain, and has the process policy. */
export function synchronousContract<V>({ operator, name, good, bad, cause }: SynchronousSubject<V>): void {
  const records = numbered(good, bad, good);
  /** Only when, not what. */
  const beat = map(() => 'x');

  test('subscribes once, hands records on in their frame, and completes with its source', () =>
    marbles(expect)(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  --a--c---|', records);
      const subscription = '^--------!';
      const result = '      --x--x---|';
      expectObservable(source.pipe(operator(), beat)).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    }));

  test('each subscriber has a subscription of its own', () =>
    marbles(expect)(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' --a--c-|    ', records);
      const first = '       ^------!    ';
      const second = '      ---^------! ';
      const result$ = source.pipe(operator(), beat);
      expectObservable(result$).toBe('           --x--x-|   ');
      expectObservable(result$, '---^').toBe('   -----x--x-|');
      expectSubscriptions(source.subscriptions).toBe([first, second]);
    }));

  test('an error of the source passes at once', () =>
    marbles(expect)(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  --a--#', records, 'broken');
      const subscription = '^----!';
      const result = '      --x--#';
      expectObservable(source.pipe(operator(), beat)).toBe(result, undefined, 'broken');
      expectSubscriptions(source.subscriptions).toBe(subscription);
    }));

  test('unsubscribing ends the subscription to the source', () =>
    marbles(expect)(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  --a--c--a--|', records);
      const subscription = '^-----!     ';
      const result = '      --x--x      ';
      expectObservable(source.pipe(operator(), beat), subscription).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    }));

  test('is no break in the chain between subscriber and source', () =>
    marbles(expect)(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  --a--c--a--|', records);
      const subscription = '^----!      ';
      const result = '      --x--(x|)   ';
      const chained = source.pipe(
        mergeMap(record => of(record)),
        operator(),
        mergeMap(record => of(record)),
        beat,
        take(2),
      );
      expectObservable(chained).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    }));

  test('holds nothing: a delivery is settled in its frame', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      const delivered = deliver(hot('--a--c--|', records));
      const settled = '              --a--c---';
      expectObservable(delivered.records$.pipe(operator(), beat)).toBe('--x--x--|');
      expectObservable(delivered.settled$).toBe(settled, coordinates);
    }));

  test.each([
    ['fail, the default', {}, {}, [0], {}],
    ['skip', { process: 'skip' }, {}, [0, 1, 2], { skipped: 1 }],
    ['dead-letter', { process: 'dead-letter' }, {}, [0, 1, 2], { 'dead-lettered': 1 }],
    ['retry, which cannot wait here', { process: thenSkip }, {}, [0, 1, 2], { skipped: 1 }],
    ['its own before that of the app', { process: 'fail' }, { onError: 'skip' }, [0, 1, 2], { skipped: 1 }],
    ['its own dead-letter', {}, { onError: 'dead-letter' }, [0, 1, 2], { 'dead-lettered': 1 }],
    ['its own fail', { process: 'skip' }, { onError: 'fail' }, [0], {}],
  ] as const)(
    'what it throws on is a process problem of that record alone, after which an app that failed hands out nothing: %s',
    (_, policies, options, settled, dropped) =>
      marbles(expect)(({ hot, expectObservable, flush }) => {
        const delivered = deliver(hot('--a--b--c--|', records), { policies });
        const result = settled.length === 3 ? '--x-----x--|' : '--x--------|';
        expectObservable(delivered.records$.pipe(operator(options), beat)).toBe(result);
        flush();
        expect(delivered.settled).toEqual(settled);
        expect(delivered.dropped).toEqual(dropped);
        expect(delivered.failures.map(({ code, at }) => ({ code, at }))).toEqual(
          settled.length === 3 ? [] : [{ code: 'PROCESS', at: coordinates['b'] }],
        );
      }),
  );

  test('the failure names the operator and keeps the cause, and neither says anything of the value', () =>
    marbles(expect)(({ hot, expectObservable, flush }) => {
      const delivered = [deliver(hot('--b--|', records)), deliver(hot('--b--|', records))] as const;
      expectObservable(delivered[0].records$.pipe(operator(), beat)).toBe('-----|');
      expectObservable(delivered[1].records$.pipe(operator({ name: 'my step' }), beat)).toBe('-----|');
      flush();
      const [failure, named] = delivered.flatMap(({ failures }) => failures);
      expect(failure?.message).toContain(`'${name}'`);
      expect(named?.message).toContain("'my step'");
      expect(failure?.cause).toEqual(expect.any(Error));
      if (cause !== undefined) expect(failure?.original()).toBe(cause);
      expect(failure?.message).not.toContain('secret');
      expect(failure?.message).not.toContain(JSON.stringify(bad));
    }));

  test('a record without an app has no policy: the error goes down the stream and ends the subscription', () =>
    marbles(expect)(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  --a--b--c--|', records);
      const subscription = '^----!      ';
      const codes: unknown[] = [];
      source.pipe(operator()).subscribe({ error: error => codes.push(error.code) });
      expectObservable(source.pipe(operator({ onError: 'skip' }), beat)).toBe(
        '--x--#',
        undefined,
        expect.objectContaining({ code: 'PROCESS' }),
      );
      expectSubscriptions(source.subscriptions).toBe([subscription, subscription]);
    }));
}
