import {
  delay,
  EMPTY,
  filter,
  map,
  mergeMap,
  of,
  Subject,
  share,
  take,
  tap,
  timer,
  VirtualTimeScheduler,
} from 'rxjs';
import type { App } from '../../../lib/app/interface.js';
import { number } from '../../../lib/codecs/number.js';
import type { KafkaRecord } from '../../../lib/record/record.js';
import { type TestAppOptions, testApp } from '../../../lib/testing/index.js';
import { flatMapValue } from '../../../operators/flatMapValue.js';
import { mapAsync } from '../../../operators/mapAsync.js';
import { mapValue } from '../../../operators/mapValue.js';

const values = (...numbers: readonly number[]) => numbers.map(value => ({ value: `${value}` }));
const numbersOf = (app: App, topic = 'in') => app.topic(topic, { value: number });
const toOut = (app: App, topic = 'out') => app.to(topic, { value: number });
const start = (topology: (app: App) => void, options?: TestAppOptions) => testApp(topology, options);
const inOrder = { value: number };

describe('the source', () => {
  test('runs a record through every branch and operator before it takes the next', async () => {
    const seen: string[] = [];
    const note = (where: string) =>
      tap<KafkaRecord<Buffer | null, number>>(({ value }) => seen.push(`${where}${value}`));
    const t = await start(app => {
      const shared = numbersOf(app).pipe(note('a'), share());
      shared.pipe(note('b')).subscribe(toOut(app));
      shared.pipe(note('c')).subscribe(app.each(({ value }) => seen.push(`d${value}`)));
    });
    t.pipeIn('in', values(1, 2));
    expect(seen).toEqual(['a1', 'b1', 'c1', 'd1', 'a2', 'b2', 'c2', 'd2']);
    await t.stop();
  });

  test('holds a lease while next runs: a sink that is done at once settles nothing of a branch still to come', async () => {
    const answers = new Subject<number>();
    const t = await start(app => {
      const shared = numbersOf(app).pipe(share());
      shared.subscribe(app.each(() => {}));
      shared.pipe(mapAsync(() => answers.pipe(take(1)))).subscribe(toOut(app));
    });
    t.pipeIn('in', values(1));
    await t.advance(5000);
    await t.idle();
    expect(t.committed('in')).toEqual([-1]);
    answers.next(1);
    await t.stop();
    expect(t.committed('in')).toEqual([1]);
  });

  test('commits what was filtered, and what no branch wanted', async () => {
    const t = await start(app => {
      numbersOf(app)
        .pipe(filter(() => false))
        .subscribe(toOut(app));
    });
    t.pipeIn('in', values(1, 2, 3));
    await t.stop();
    expect(t.committed('in')).toEqual([3]);
  });

  test('a sink keeps its lease until the broker has acknowledged', async () => {
    const t = await start(app => void numbersOf(app).subscribe(toOut(app)));
    t.broker.faults.delayAcknowledgements(10_000);
    t.pipeIn('in', values(1));
    await t.advance(9000);
    await t.idle();
    expect(t.committed('in')).toEqual([-1]);
    await t.advance(3000);
    await t.idle();
    expect(t.committed('in')).toEqual([1]);
    await t.stop();
  });

  test('every derived record holds its source: the slowest of many decides', async () => {
    const gates = [new Subject<number>(), new Subject<number>()] as const;
    const t = await start(app => {
      numbersOf(app)
        .pipe(
          flatMapValue(() => [0, 1] as const),
          mapAsync(which => gates[which].pipe(take(1)), { order: 'none' }),
          mapValue(n => n + 1),
        )
        .subscribe(toOut(app));
    });
    t.pipeIn('in', values(1));
    gates[1].next(1);
    await t.advance(5000);
    await t.idle();
    expect(t.read('out', inOrder)).toMatchObject([{ value: 2 }]);
    expect(t.committed('in')).toEqual([-1]);
    gates[0].next(0);
    await t.stop();
    expect(t.committed('in')).toEqual([1]);
  });
});

describe('outside its dispatch window a record fails the app', () => {
  /** A plain delay before the sink, and beside it a branch that settles at once or takes its time. */
  async function raced(sibling: 'none' | 'fast' | 'slow') {
    const time = new VirtualTimeScheduler();
    const never = new Subject<number>();
    const t = await start(app => {
      const shared = numbersOf(app).pipe(share());
      if (sibling === 'fast') shared.subscribe(app.each(() => {}));
      if (sibling === 'slow') shared.pipe(mapAsync(() => never)).subscribe(toOut(app, 'slow'));
      shared.pipe(delay(10, time)).subscribe(app.to('out', { value: number, name: 'delayed' }));
    });
    t.pipeIn('in', values(...Array.from({ length: 100 }, (_, n) => n)));
    time.flush();
    const written = t.read('out', inOrder);
    never.complete();
    const failure: unknown = await t.stop().then(
      () => undefined,
      (error: unknown) => error,
    );
    return { written, failure };
  }

  // Asked "is the delivery settled already?", 100 of 100 passed beside the slow branch.
  test.each(['none', 'fast', 'slow'] as const)(
    'at the first, whatever other branches do: sibling %s',
    async sibling => {
      const { written, failure } = await raced(sibling);
      expect(written).toEqual([]);
      expect(failure).toMatchObject({
        code: 'OUTSIDE_DISPATCH_WINDOW',
        at: { topic: 'in', partition: 0, offset: 0 },
      });
    },
  );

  test('naming the node and the way out', async () => {
    const { failure } = await raced('none');
    expect(failure).toMatchObject({
      message: expect.stringMatching(
        /^'delayed' was handed.*\(topic in, partition 0, offset 0\).*mapAsync, batch or through/,
      ),
    });
  });

  test('also at a leasing operator, before a sink sees it', async () => {
    const time = new VirtualTimeScheduler();
    const calls: number[] = [];
    const t = await start(app => {
      numbersOf(app)
        .pipe(
          mergeMap(record => timer(1, time).pipe(map(() => record))),
          mapAsync(value => {
            calls.push(value);
            return EMPTY;
          }),
        )
        .subscribe(app.each(() => {}));
    });
    t.pipeIn('in', values(1));
    time.flush();
    expect(calls).toEqual([]);
    await expect(t.stop()).rejects.toMatchObject({ code: 'OUTSIDE_DISPATCH_WINDOW' });
  });

  test('the same operator, synchronous, is inside', async () => {
    const t = await start(app => {
      numbersOf(app)
        .pipe(mergeMap(record => of(record, record)))
        .subscribe(toOut(app));
    });
    t.pipeIn('in', values(1));
    expect(t.read('out', inOrder)).toHaveLength(2);
    await t.stop();
    expect(t.committed('in')).toEqual([1]);
  });

  test('hands out nothing more, and commits nothing of what was under way', async () => {
    const time = new VirtualTimeScheduler();
    const answers = new Subject<number>();
    const seen: number[] = [];
    const t = await start(app => {
      const shared = numbersOf(app).pipe(share());
      shared.pipe(mapAsync(() => answers.pipe(take(1)))).subscribe(app.each(() => {}));
      shared.pipe(delay(10, time)).subscribe(app.each(({ value }) => void seen.push(value)));
    });
    t.pipeIn('in', values(1, 2));
    time.flush();
    expect(() => t.pipeIn('in', values(3))).toThrow('dispatch window');
    answers.next(1);
    answers.next(2);
    await expect(t.stop()).rejects.toMatchObject({ code: 'OUTSIDE_DISPATCH_WINDOW' });
    expect([seen, t.committed('in')]).toEqual([[], [-1]]);
  });

  test('of an epoch that is over is dropped and counted instead', async () => {
    const time = new VirtualTimeScheduler();
    const t = await start(app => void numbersOf(app).pipe(delay(10, time)).subscribe(toOut(app)));
    t.pipeIn('in', values(1));
    await t.idle();
    t.broker.faults.rebalance('test');
    await t.idle();
    time.flush();
    await t.idle();
    expect(t.metrics.value('kafka_rx_records_dropped_total', { reason: 'stale-epoch', stage: '' })).toBe(1);
    await t.stop();
  });
});
