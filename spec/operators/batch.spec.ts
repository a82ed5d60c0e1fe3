import { map, mergeMap, of, Subject, take, timer } from 'rxjs';
import { number } from '../../lib/codecs/number.js';
import { lease, release } from '../../lib/flow/leases/leases.js';
import type { KafkaRecord } from '../../lib/record/record.js';
import { deliver, marbles, testApp, testRecord } from '../../lib/testing/index.js';
import { batch } from '../../operators/batch.js';
import { flatMapValue } from '../../operators/flatMapValue.js';
import { FlushAsks } from './flush-asks.js';
import { coordinates, numbered } from './numbered.js';
import { Partitions } from './partitions.js';

/** The values of a batch in one string. */
const join = (records: readonly KafkaRecord<unknown, unknown>[]) =>
  records.map(({ value }) => value).join('');
const plain = map(({ value }: KafkaRecord<unknown, string>) => value);
const letters = numbered('a', 'b', 'c', 'd', 'e');

describe('batch', () => {
  test('hands on a full batch with its last record; only then are its records settled', () =>
    marbles(expect)(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  -a-b--c--d---e-|', letters);
      const subscription = '^--------------!';
      const result = '      ---x-----y-----(z|)';
      const settled = '     ---(ab)--(cd)--e';
      const delivered = deliver(source);
      const gathered = delivered.records$.pipe(batch(join, { maxRecords: 2 }), plain);
      expectObservable(gathered).toBe(result, { x: 'ab', y: 'cd', z: 'e' });
      expectObservable(delivered.settled$).toBe(settled, coordinates);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    }));

  test('what the function does to its list of records is not done to what is to be settled', async () => {
    for (const spoil of [(list: unknown[]) => list.splice(0), (list: unknown[]) => list.shift()]) {
      const t = await testApp(app =>
        app
          .topic('in', { value: number })
          .pipe(
            batch(
              records => {
                // As JavaScript would.
                spoil(records as unknown[]);
                return records.length;
              },
              { maxRecords: 2 },
            ),
          )
          .subscribe(app.to('out', { value: number })),
      );
      t.pipeIn('in', [{ value: '1' }, { value: '2' }]);
      await t.stop();
      expect([t.committed('in'), t.broker.records('out').length]).toEqual([[2], 1]);
    }
  });

  test('the first record of a batch waits maxWaitMs at most, counted anew for each batch', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      const delivered = deliver(hot('-a-b------c-----d-|', letters));
      const result = '               ------x--------y--(z|)';
      const settled = '              ------(ab)-----c--d';
      expectObservable(delivered.records$.pipe(batch(join, { maxWaitMs: 5 }), plain)).toBe(result, {
        x: 'ab',
        y: 'c',
        z: 'd',
      });
      expectObservable(delivered.settled$).toBe(settled, coordinates);
    }));

  test('a full batch cancels its wait', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      const delivered = deliver(hot('-a-b-c--------|', letters));
      const result = '               ---x------y---|';
      expectObservable(delivered.records$.pipe(batch(join, { maxRecords: 2, maxWaitMs: 5 }), plain)).toBe(
        result,
        { x: 'ab', y: 'c' },
      );
    }));

  test.each(['bound', 'idle', 'drain', 'stop'] as const)(
    'whoever must have the records settled gets them: %s',
    reason =>
      marbles(expect)(({ hot, expectObservable }) => {
        const delivered = deliver(hot('-a-b------c-|', letters));
        const result = '               -----x------(y|)';
        const settled = '              -----(ab)---c';
        timer(5).subscribe(() => delivered.flush(reason));
        timer(8).subscribe(() => delivered.flush(reason));
        expectObservable(delivered.records$.pipe(batch(join, { maxWaitMs: 1000 }), plain)).toBe(result, {
          x: 'ab',
          y: 'c',
        });
        expectObservable(delivered.settled$).toBe(settled, coordinates);
      }),
  );

  test('the result has key, headers, timestamp and coordinates of the last record, its ordinal too', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      const last = {
        key: 'k',
        headers: [{ key: 'h', value: null }],
        timestamp: 9,
        topic: 't',
        partition: 2,
        offset: 7,
      };
      const source = hot('-a-b-|', {
        a: testRecord({ key: 'j', value: 'a' }),
        b: testRecord({ ...last, value: 'b' }),
      });
      const result = '    ---x-|';
      expectObservable(source.pipe(batch(join, { maxRecords: 2 }))).toBe(result, {
        x: testRecord({ ...last, value: 'ab' }),
      });
      const ordinals = source.pipe(
        flatMapValue(value => [value, value]),
        batch(join, { maxRecords: 4 }),
        map(({ ordinal }) => ordinal),
      );
      expectObservable(ordinals).toBe('---x-|', { x: '.1' });
    }));

  test('keeps the deliveries of all its records open until what it made is durable', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      const delivered = deliver(hot('-a-b------|', letters));
      const result = '               ---x------|';
      const settled = '              -------(ab)';
      const sink = map((record: KafkaRecord<unknown, string>) => {
        if (lease(record, 'sink')) timer(4).subscribe(() => release(record));
        return record.value;
      });
      expectObservable(delivered.records$.pipe(batch(join, { maxRecords: 2 }), sink)).toBe(result, {
        x: 'ab',
      });
      expectObservable(delivered.settled$).toBe(settled, coordinates);
    }));

  test('what is gathered when the source completes goes on first', () =>
    marbles(expect)(({ hot, expectObservable, expectSubscriptions, flush }) => {
      const source = hot('  -a-b-|   ', letters);
      const subscription = '^----!   ';
      const result = '      -----(x|)';
      const delivered = deliver(source);
      expectObservable(delivered.records$.pipe(batch(join), plain)).toBe(result, { x: 'ab' });
      expectSubscriptions(source.subscriptions).toBe(subscription);
      flush();
      expect(delivered.settled).toEqual([0, 1]);
    }));

  test('a source that completes empty makes no batch', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      expectObservable(deliver(hot('---|', letters)).records$.pipe(batch(join))).toBe('---|');
    }));

  test('an error of the source passes at once; what was gathered is never settled, and its wait is cancelled', () =>
    marbles(expect)(({ hot, expectObservable, expectSubscriptions, flush }) => {
      const source = hot('  -a-b-#', letters, 'broken');
      const subscription = '^----!';
      const result = '      -----#';
      const delivered = deliver(source);
      expectObservable(delivered.records$.pipe(batch(join, { maxWaitMs: 20 }))).toBe(
        result,
        undefined,
        'broken',
      );
      expectSubscriptions(source.subscriptions).toBe(subscription);
      flush();
      expect([delivered.settled, delivered.pending]).toEqual([[], 2]);
    }));

  test('unsubscribing drops what was gathered, uncommitted; neither wait nor flush brings it back', () =>
    marbles(expect)(({ hot, expectObservable, expectSubscriptions, flush }) => {
      const source = hot('  -a-b-c-|', letters);
      const subscription = '^---!   ';
      const made: string[] = [];
      const make = (records: readonly KafkaRecord<null, string>[]) => made.push(join(records));
      const delivered = deliver(source);
      timer(6).subscribe(() => delivered.flush());
      expectObservable(delivered.records$.pipe(batch(make, { maxWaitMs: 20 })), subscription).toBe('-----');
      expectSubscriptions(source.subscriptions).toBe(subscription);
      flush();
      expect([made, delivered.settled, delivered.pending]).toEqual([[], [], 2]);
    }));

  test('asks its app once to be told when to flush, and takes that back when it ends', () => {
    const source = new Subject<KafkaRecord<null, string>>();
    const asks = new FlushAsks();
    const subscription = deliver(source).records$.pipe(asks.counted(), batch(join)).subscribe();
    source.next(testRecord({ value: 'a' }));
    source.next(testRecord({ value: 'b', offset: 1 }));
    expect([asks.count, asks.leave.mock.calls.length]).toEqual([1, 0]);
    subscription.unsubscribe();
    expect(asks.leave).toHaveBeenCalledTimes(1);
  });

  test('is no break in the chain between subscriber and source', () =>
    marbles(expect)(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  -a-b-c-d-|', letters);
      const subscription = '^--!      ';
      const result = '      ---(x|)   ';
      const chained = deliver(source).records$.pipe(
        mergeMap(record => of(record)),
        batch(join, { maxRecords: 2 }),
        mergeMap(({ value }) => of(value)),
        take(1),
      );
      expectObservable(chained).toBe(result, { x: 'ab' });
      expectSubscriptions(source.subscriptions).toBe(subscription);
    }));

  test.each([
    ['fail, the default', {}, {}, [], {}],
    ['skip', { process: 'skip' }, {}, [0, 1, 2, 3], { skipped: 2 }],
    [
      'its own before that of the app',
      { process: 'fail' },
      { onError: 'dead-letter' },
      [0, 1, 2, 3],
      { 'dead-lettered': 2 },
    ],
  ] as const)(
    'a throw is a process problem of the whole batch: %s',
    (_, policies, options, settled, dropped) =>
      marbles(expect)(({ hot, expectObservable, flush }) => {
        const delivered = deliver(hot('abcd-|', letters), { policies });
        const result = settled.length === 4 ? '---x-|' : '-----|';
        const make = (records: readonly KafkaRecord<null, string>[]) => {
          if (records[0]?.value === 'a') throw new Error('secret');
          return join(records);
        };
        expectObservable(delivered.records$.pipe(batch(make, { maxRecords: 2, ...options }), plain)).toBe(
          result,
          { x: 'cd' },
        );
        flush();
        expect(delivered.settled).toEqual(settled);
        expect(delivered.dropped).toEqual(dropped);
        expect(delivered.failures).toMatchObject(
          settled.length === 4 ? [] : [{ code: 'PROCESS', at: { offset: 1 } }],
        );
      }),
  );

  describe('a partition that goes to another member', () => {
    test('its records are dropped from the batch, each counted once; those of others go on', () =>
      marbles(expect)(({ hot, expectObservable, flush }) => {
        const delivered = deliver(hot('-a-b---c-|', letters));
        const result = '               -------x-|';
        timer(5).subscribe(() => delivered.revoke());
        expectObservable(delivered.records$.pipe(batch(join, { maxRecords: 3 }), plain)).toBe(result, {
          x: 'c',
        });
        flush();
        expect([delivered.settled, delivered.dropped]).toEqual([[2], { 'stale-epoch': 2 }]);
      }));

    test('nothing is made of stale records alone', () =>
      marbles(expect)(({ hot, expectObservable, flush }) => {
        const delivered = deliver(hot('-a-b-----|', letters));
        timer(5).subscribe(() => delivered.revoke());
        expectObservable(delivered.records$.pipe(batch(join, { maxWaitMs: 6 }))).toBe('---------|');
        flush();
        expect([delivered.settled, delivered.dropped]).toEqual([[], { 'stale-epoch': 2 }]);
      }));
  });

  describe('dispatch windows', () => {
    test('an emission is inside the windows of all its records, whatever brought it about', () =>
      marbles(expect)(({ hot, expectObservable, flush }) => {
        const delivered = deliver(hot('ab-c---d-|', letters));
        const taken: boolean[] = [];
        const takes = map((record: KafkaRecord<unknown, string>) => {
          taken.push(lease(record, 'sink'));
          release(record);
          return record.value;
        });
        const result = '               -x---y---(z|)';
        const gathered = delivered.records$.pipe(batch(join, { maxRecords: 2, maxWaitMs: 2 }), takes);
        expectObservable(gathered).toBe(result, { x: 'ab', y: 'c', z: 'd' });
        flush();
        expect([taken, delivered.failures, delivered.settled]).toEqual([
          [true, true, true],
          [],
          [0, 1, 2, 3],
        ]);
      }));

    test('a record outside its window fails the app and is not gathered', () =>
      marbles(expect)(({ hot, expectObservable, flush }) => {
        const delivered = deliver(hot('a-----|', letters));
        const late = delivered.records$.pipe(
          mergeMap(record => timer(2).pipe(map(() => record))),
          batch(join),
        );
        expectObservable(late).toBe('------|');
        flush();
        expect(delivered.failures).toMatchObject([{ code: 'OUTSIDE_DISPATCH_WINDOW', at: coordinates['a'] }]);
      }));
  });

  test('batches nest: all deliveries stay open until the outer is handed on', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      const delivered = deliver(hot('abcd----|', letters));
      const result = '               ---x----|';
      const settled = '              ---(abcd)';
      const nested = delivered.records$.pipe(
        batch(join, { maxRecords: 2 }),
        batch(join, { maxRecords: 2 }),
        plain,
      );
      expectObservable(nested).toBe(result, { x: 'abcd' });
      expectObservable(delivered.settled$).toBe(settled, coordinates);
    }));

  describe('partitions', () => {
    const of = (partition: number, value: string) => testRecord({ value, partition });
    const records = {
      a: of(0, 'a'),
      b: of(0, 'b'),
      c: of(0, 'c'),
      x: of(1, 'x'),
      y: of(1, 'y'),
      z: of(1, 'z'),
    };

    test('at a barrier get what is theirs, and nothing else; the wait of the others goes on', () =>
      marbles(expect)(({ hot, expectObservable, flush }) => {
        const delivered = deliver(hot('axby--------|', records));
        const result = '               -----p----q-|';
        const partitions = new Partitions();
        timer(5).subscribe(() => partitions.barrier(0));
        const gathered = delivered.records$.pipe(partitions.seen(), batch(join, { maxWaitMs: 10 }), plain);
        expectObservable(gathered).toBe(result, { p: 'ab', q: 'xy' });
        flush();
        expect([delivered.pending, delivered.settled.length]).toEqual([0, 4]);
      }));

    test('at a barrier get at once what comes then', () =>
      marbles(expect)(({ hot, expectObservable }) => {
        const delivered = deliver(hot('ax---b-y-c---|', records));
        const result = '               ---p-q---r---(s|)';
        const partitions = new Partitions();
        timer(3).subscribe(() => partitions.barrier(0));
        const gathered = delivered.records$.pipe(partitions.seen(), batch(join), plain);
        expectObservable(gathered).toBe(result, { p: 'a', q: 'b', r: 'c', s: 'xy' });
      }));

    test('are gathered as before once the barrier is over', () =>
      marbles(expect)(({ hot, expectObservable }) => {
        const delivered = deliver(hot('a----b-c-|', records));
        const result = '               --p------(q|)';
        const partitions = new Partitions();
        timer(2).subscribe(() => partitions.barrier(0));
        timer(4).subscribe(() => partitions.over(0));
        const gathered = delivered.records$.pipe(partitions.seen(), batch(join), plain);
        expectObservable(gathered).toBe(result, { p: 'a', q: 'bc' });
      }));

    test('with a barrier of which nothing is gathered change nothing, nor does the wait of those gone on', () =>
      marbles(expect)(({ hot, expectObservable }) => {
        const delivered = deliver(hot('a---b------|', records));
        const result = '               --p-------q|';
        const partitions = new Partitions();
        for (const frame of [2, 3]) timer(frame).subscribe(() => partitions.barrier(0));
        timer(3).subscribe(() => partitions.over(0));
        const gathered = delivered.records$.pipe(partitions.seen(), batch(join, { maxWaitMs: 6 }), plain);
        expectObservable(gathered).toBe(result, { p: 'a', q: 'b' });
      }));

    test('whose outputs go to different channels are never in one batch; each has its bounds', () =>
      marbles(expect)(({ hot, expectObservable }) => {
        const delivered = deliver(hot('axb-cy----z-----|', records));
        const result = '               --p--q---r-----s|';
        const partitions = new Partitions(partition => partition);
        const gathered = delivered.records$.pipe(
          partitions.seen(),
          batch(join, { maxRecords: 2, maxWaitMs: 5 }),
          plain,
        );
        expectObservable(gathered).toBe(result, { p: 'ab', q: 'xy', r: 'c', s: 'z' });
      }));

    test('of which one is at a barrier get the record that was made of them', () =>
      marbles(expect)(({ hot, expectObservable }) => {
        const delivered = deliver(hot('ax------|', records));
        const result = '               ---p----|';
        const partitions = new Partitions();
        timer(3).subscribe(() => partitions.barrier(0));
        const inner = batch(join, { maxRecords: 2 });
        expectObservable(delivered.records$.pipe(partitions.seen(), inner, batch(join), plain)).toBe(result, {
          p: 'ax',
        });
      }));

    test('whatever channel they write to are given up when the subscription ends', () =>
      marbles(expect)(({ hot, expectObservable, flush }) => {
        const delivered = deliver(hot('ax----|', records));
        const partitions = new Partitions(partition => partition);
        const gathered = delivered.records$.pipe(partitions.seen(), batch(join, { maxWaitMs: 5 }));
        expectObservable(gathered, '^--!').toBe('----');
        flush();
        expect([delivered.settled, delivered.pending]).toEqual([[], 2]);
      }));
  });

  test.each([{ maxRecords: 0 }, { maxRecords: Number.NaN }, { maxWaitMs: -1 }, { maxWaitMs: Number.NaN }])(
    'refuses %p',
    options => {
      expect(() => batch(join, options)).toThrow(expect.objectContaining({ code: 'CONFIGURATION' }));
    },
  );

  describe('in an app', () => {
    const start = (maxWaitMs: number, idleMs?: number) =>
      testApp(
        app => {
          const sums = batch(
            (records: readonly KafkaRecord<Buffer | null, number>[]) =>
              records.reduce((sum, { value }) => sum + value, 0),
            {
              maxRecords: 1000,
              maxWaitMs,
            },
          );
          app
            .topic('in', { value: number })
            .pipe(sums)
            .subscribe(app.to('out', { value: number }));
        },
        { idleMs },
      );
    const values = [{ value: '1' }, { value: '2' }, { value: '3' }];

    test('an idle source gets its records settled after a second, however long the batch would wait', async () => {
      const t = await start(3_600_000);
      t.pipeIn('in', values);
      await t.advance(999);
      expect(t.read('out', { value: number })).toEqual([]);
      await t.advance(1);
      expect(t.read('out', { value: number })).toMatchObject([{ value: 6 }]);
      await t.stop();
      expect(t.committed('in')).toEqual([3]);
    });

    test('stop hands the batch on and commits it', async () => {
      const t = await start(3_600_000, 3_600_000);
      t.pipeIn('in', values);
      await t.stop();
      expect(t.read('out', { value: number })).toMatchObject([{ value: 6 }]);
      expect(t.committed('in')).toEqual([3]);
    });

    test('a rebalance hands the batch on and commits it first', async () => {
      const t = await start(3_600_000, 3_600_000);
      t.pipeIn('in', values);
      t.broker.faults.rebalance('test');
      await t.idle();
      expect(t.read('out', { value: number })).toMatchObject([{ value: 6 }]);
      expect(t.committed('in')).toEqual([3]);
      await t.stop();
      expect(t.read('out', { value: number })).toEqual([]);
    });
  });
});
