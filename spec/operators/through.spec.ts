import * as t from 'io-ts';
import { map, mergeMap, of, Subject, take, timer } from 'rxjs';
import { json } from '../../lib/codecs/json.js';
import { number } from '../../lib/codecs/number.js';
import { KafkaRxError } from '../../lib/errors/errors.js';
import type { Verdict } from '../../lib/flow/leases/delivery.js';
import { deliveriesOf } from '../../lib/flow/leases/delivery.js';
import { hostOf, lease, release } from '../../lib/flow/leases/leases.js';
import type { AppSink } from '../../lib/flow/sinks/app-sink.js';
import type { KafkaRecord } from '../../lib/record/record.js';
import { memoryStore } from '../../lib/stores/memory-store.js';
import { deliver, marbles, testApp, testRecord } from '../../lib/testing/index.js';
import { mapValue } from '../../operators/mapValue.js';
import { through } from '../../operators/through.js';
import { coordinates, numbered } from './numbered.js';
import { scriptedSink } from './scripted-sink.js';

/** A sink that acknowledges after as many frames as its records say, and has a problem with negative ones. */
function slowSink(verdict?: Verdict): AppSink<KafkaRecord<null, number>> {
  return scriptedSink({
    next(record) {
      if (!lease(record, 'slow')) return;
      timer(Math.abs(record.value)).subscribe(() => {
        if (record.value < 0) {
          const error = new KafkaRxError('PRODUCE', 'refused', { at: record });
          hostOf(record)?.problem({ stage: 'produce', node: 'slow', error, verdict }, record[deliveriesOf]);
        }
        release(record);
      });
    },
    error() {},
    complete() {},
  });
}

const plain = map(({ value }: KafkaRecord<unknown, unknown>) => `${value}`);

describe('through', () => {
  test('goes on with a record once the sink has it durable, and settles it then', () =>
    marbles(expect)(({ hot, expectObservable, expectSubscriptions }) => {
      const records = numbered(3, 3);
      const source = hot('  --a-b-----|', records);
      const subscription = '^---------!';
      const result = '      -----a-b--|';
      const delivered = deliver(source);
      expectObservable(delivered.records$.pipe(through(slowSink()))).toBe(result, records);
      expectObservable(delivered.settled$).toBe('-----a-b---', coordinates);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    }));

  test('a sink that is done at once lets the record go on in its frame', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      const records = numbered(1);
      const delivered = deliver(hot('--a--|', records));
      const sink = scriptedSink({ next: () => {}, error() {}, complete() {} });
      expectObservable(delivered.records$.pipe(through(sink))).toBe('--a--|', records);
      expectObservable(delivered.settled$).toBe('--a---', coordinates);
    }));

  test.each([
    ['skip', [0, 1], { skipped: 1 }],
    ['dead-letter', [0, 1], { 'dead-lettered': 1 }],
    ['fail', [], { 'after-end': 1 }],
  ] as const)('a record that the sink has a problem with does not go on: %s', (verdict, settled, dropped) =>
    marbles(expect)(({ hot, expectObservable, flush }) => {
      const delivered = deliver(hot('ab------|', numbered(-3, 4)));
      const result = verdict === 'fail' ? '--------|' : '-----x--|';
      expectObservable(delivered.records$.pipe(through(slowSink(verdict)), plain)).toBe(result, { x: '4' });
      flush();
      expect(delivered.settled).toEqual(settled);
      expect(delivered.dropped).toEqual(dropped);
      expect(delivered.failures).toMatchObject(
        verdict === 'fail' ? [{ code: 'PRODUCE', at: coordinates['a'] }] : [],
      );
    }),
  );

  test('completes when the source has and nothing is pending', () =>
    marbles(expect)(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  -ab|     ', numbered(5, 2));
      const subscription = '^--!     ';
      const result = '      ----x-(y|)';
      expectObservable(deliver(source).records$.pipe(through(slowSink()), plain)).toBe(result, {
        x: '2',
        y: '5',
      });
      expectSubscriptions(source.subscriptions).toBe(subscription);
    }));

  test('an error of the source passes at once; what the sink does afterwards settles nothing', () =>
    marbles(expect)(({ hot, expectObservable, expectSubscriptions, flush }) => {
      const source = hot('  -a--#', numbered(5), 'broken');
      const subscription = '^---!';
      const result = '      ----#';
      const delivered = deliver(source);
      expectObservable(delivered.records$.pipe(through(slowSink()))).toBe(result, undefined, 'broken');
      expectSubscriptions(source.subscriptions).toBe(subscription);
      flush();
      expect([delivered.settled, delivered.pending]).toEqual([[], 1]);
    }));

  test('unsubscribed, it hands nothing on, and what the sink has taken is never settled', () =>
    marbles(expect)(({ hot, expectObservable, expectSubscriptions, flush }) => {
      const source = hot('  -a-b----|', numbered(5, 5));
      const subscription = '^----!   ';
      const delivered = deliver(source);
      expectObservable(delivered.records$.pipe(through(slowSink())), subscription).toBe('------');
      expectSubscriptions(source.subscriptions).toBe(subscription);
      flush();
      expect([delivered.settled, delivered.pending]).toEqual([[], 2]);
    }));

  test('is no break in the chain between subscriber and source', () =>
    marbles(expect)(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  -a-b-c-d-|', numbered(1, 1, 1, 1));
      const subscription = '^---!     ';
      const result = '      --x-(x|)  ';
      const chained = deliver(source).records$.pipe(
        mergeMap(record => of(record)),
        through(slowSink()),
        mergeMap(() => of('x')),
        take(2),
      );
      expectObservable(chained).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    }));

  test('what the sink acknowledges after the epoch has ended does not go on, and is counted', () =>
    marbles(expect)(({ hot, expectObservable, flush }) => {
      const delivered = deliver(hot('-a-------|', numbered(5)));
      timer(3).subscribe(() => delivered.revoke());
      expectObservable(delivered.records$.pipe(through(slowSink()))).toBe('---------|');
      flush();
      expect([delivered.settled, delivered.dropped, delivered.failures]).toEqual([
        [],
        { 'stale-epoch': 1 },
        [],
      ]);
    }));

  test('a refusal after the epoch has ended fails nothing', () =>
    marbles(expect)(({ hot, expectObservable, flush }) => {
      const delivered = deliver(hot('-a-------|', numbered(-5)));
      timer(3).subscribe(() => delivered.revoke());
      expectObservable(delivered.records$.pipe(through(slowSink()))).toBe('---------|');
      flush();
      expect([delivered.settled, delivered.dropped, delivered.failures]).toEqual([
        [],
        { 'stale-epoch': 1 },
        [],
      ]);
    }));

  test('a record outside its window fails the app and does not reach the sink', () =>
    marbles(expect)(({ hot, expectObservable, flush }) => {
      const delivered = deliver(hot('a-----|', numbered(1)));
      const reached: unknown[] = [];
      const sink = scriptedSink({
        next: (record: unknown) => void reached.push(record),
        error() {},
        complete() {},
      });
      const late = delivered.records$.pipe(
        mergeMap(record => timer(2).pipe(map(() => record))),
        through(sink),
      );
      expectObservable(late).toBe('------|');
      flush();
      expect(reached).toEqual([]);
      expect(delivered.failures).toMatchObject([{ code: 'OUTSIDE_DISPATCH_WINDOW', at: coordinates['a'] }]);
    }));

  test('a record that no app delivered ends the stream with an error', () => {
    const source = new Subject<KafkaRecord<null, number>>();
    const errors: unknown[] = [];
    source.pipe(through(slowSink())).subscribe({ error: error => errors.push(error) });
    expect(() => source.next(testRecord({ value: 1 }))).not.toThrow();
    expect(errors).toMatchObject([{ code: 'WITHOUT_DELIVERY' }]);
  });

  describe('in an app', () => {
    const Doc = t.strict({ n: t.number });

    test('the next sink writes after the first has; the offset is committed after both', async () => {
      const history = memoryStore<t.TypeOf<typeof Doc>>('history');
      const tested = await testApp(app => {
        app
          .topic('in', { value: json(Doc) })
          .pipe(
            through(app.store(history)),
            mapValue(({ n }) => n),
          )
          .subscribe(app.to('out', { value: number }));
      });
      history.holdWrites();
      tested.pipeIn('in', [{ value: { n: 1 } }]);
      await tested.advance(5000);
      await tested.idle();
      expect(tested.read('out', { value: number })).toEqual([]);
      expect(tested.committed('in')).toEqual([-1]);
      history.releaseWrites();
      await tested.idle();
      await tested.advance(1000);
      await tested.idle();
      expect(tested.read('out', { value: number })).toMatchObject([{ value: 1 }]);
      expect(tested.committed('in')).toEqual([1]);
      expect(tested.app.describe().text()).toContain('through(history) -> history, mapValue');
      await tested.stop();
    });

    test('a topic, then a function; what the first cannot encode is skipped and never reaches the second', async () => {
      const seen: number[] = [];
      const tested = await testApp(app => {
        app
          .topic('in', { value: number })
          .pipe(
            mapValue(n => (n === 2 ? Number.NaN : n)),
            through(app.to('middle', { value: number, onEncodeError: 'skip' })),
          )
          .subscribe(app.each(({ value }) => void seen.push(value)));
      });
      tested.pipeIn('in', [{ value: '1' }, { value: '2' }, { value: '3' }]);
      await tested.idle();
      expect(tested.read('middle', { value: number })).toMatchObject([{ value: 1 }, { value: 3 }]);
      expect(seen).toEqual([1, 3]);
      await tested.stop();
      expect(tested.committed('in')).toEqual([3]);
    });
  });
});
