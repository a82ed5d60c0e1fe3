import {
  map,
  merge,
  type Observable,
  type OperatorFunction,
  Subject,
  share,
  take,
  takeUntil,
  throwError,
} from 'rxjs';
import type { App } from '../../../lib/app/interface.js';
import { number } from '../../../lib/codecs/number.js';
import { string } from '../../../lib/codecs/string.js';
import type { KafkaRecord } from '../../../lib/record/record.js';
import { memoryStore } from '../../../lib/stores/memory-store.js';
import { testApp, testRecord } from '../../../lib/testing/index.js';
import { batch } from '../../../operators/batch.js';
import { mapAsync } from '../../../operators/mapAsync.js';
import { mapValue } from '../../../operators/mapValue.js';
import { through } from '../../../operators/through.js';

type Numbers = KafkaRecord<Buffer | null, number>;
const values = (...numbers: readonly number[]) => numbers.map(value => ({ value: `${value}` }));
const numbersOf = (app: App, topic = 'in') => app.topic(topic, { value: number });

const sinks = {
  topic: (app: App) => app.to('out', { value: number }),
  store: (app: App) => app.store(memoryStore<number>('numbers')),
  function: (app: App) => app.each(() => {}),
};

describe.each(Object.entries(sinks))('a sink that ends while the app runs fails it: %s', (_, sink) => {
  test.each<[string, OperatorFunction<Numbers, Numbers>, string, number]>([
    ['completed', take(2), 'SINK_ENDED', 1],
    [
      'errored',
      map(record => {
        if (record.value === 2) throw new Error('secret');
        return record;
      }),
      'PROCESS',
      1,
    ],
  ])('%s, before the current delivery can settle', async (how, end, code, committed) => {
    const t = await testApp(app => {
      const source = numbersOf(app).pipe(share());
      source.pipe(end).subscribe(sink(app));
      source.subscribe(app.each(() => {}, { name: 'healthy' }));
    });
    expect(() => t.pipeIn('in', values(1, 2, 3))).toThrow();
    const failure = await t.stop().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code, at: { topic: 'in', partition: 0, offset: 1 } });
    expect(String(failure)).not.toContain('secret');
    expect(how).toBeDefined();
    expect(t.committed('in')).toEqual([committed]);
  });

  test('unsubscribed', async () => {
    let unsubscribe = () => {};
    const t = await testApp(app => {
      const subscription = numbersOf(app).subscribe(sink(app));
      unsubscribe = () => subscription.unsubscribe();
    });
    t.pipeIn('in', values(1));
    unsubscribe();
    expect(t.app.health()).toMatchObject({ live: false });
    await expect(t.stop()).rejects.toMatchObject({ code: 'SINK_ENDED' });
  });

  test('unsubscribed in the middle of a record: that one is not committed', async () => {
    const stop = new Subject<void>();
    const t = await testApp(app => {
      const source = numbersOf(app).pipe(share());
      source.subscribe(app.each(({ value }) => value === 2 && stop.next(), { name: 'ends the other' }));
      source.pipe(takeUntil(stop)).subscribe(sink(app));
    });
    expect(() => t.pipeIn('in', values(1, 2, 3))).toThrow('while the app runs');
    await expect(t.stop()).rejects.toMatchObject({ code: 'SINK_ENDED', at: { offset: 1 } });
    expect(t.committed('in')).toEqual([1]);
  });

  test('before the app runs, which would leave its branch without a sink', async () => {
    const topology = (app: App) => {
      const source = numbersOf(app).pipe(share());
      source.subscribe(app.each(() => {}, { name: 'healthy' }));
      source.pipe(take(0)).subscribe(sink(app));
    };
    await expect(testApp(topology)).rejects.toMatchObject({ code: 'SINK_ENDED' });
  });

  test('a stop ends sinks without failing', async () => {
    const t = await testApp(app => void numbersOf(app).subscribe(sink(app)));
    t.pipeIn('in', values(1));
    await expect(t.stop()).resolves.toBeUndefined();
    expect(t.committed('in')).toEqual([1]);
  });
});

test.each<[string, (source: Observable<Numbers>) => Observable<Numbers>]>([
  ['complete', source => source.pipe(take(1))],
])('with mayEnd a sink may %s, and the other branches go on', async (_, end) => {
  const seen: number[] = [];
  const t = await testApp(app => {
    const source = numbersOf(app).pipe(share());
    end(source).subscribe(app.to('out', { value: number, mayEnd: true }));
    source.subscribe(app.each(({ value }) => void seen.push(value)));
  });
  t.pipeIn('in', values(1, 2, 3));
  await t.stop();
  expect(t.read('out', { value: number })).toMatchObject([{ value: 1 }]);
  expect([seen, t.committed('in')]).toEqual([[1, 2, 3], [3]]);
});

test('mayEnd lets no error pass', async () => {
  const t = await testApp(app => {
    const breaks = map<Numbers, Numbers>(() => {
      throw new Error('no');
    });
    numbersOf(app)
      .pipe(breaks)
      .subscribe(app.to('out', { value: number, mayEnd: true }));
  });
  expect(() => t.pipeIn('in', values(1))).toThrow('threw Error');
  await expect(t.stop()).rejects.toMatchObject({ code: 'PROCESS' });
});

test('an error that comes with no record fails the app as well', async () => {
  const broken = new Subject<never>();
  const t = await testApp(
    app => void merge(numbersOf(app), broken).subscribe(app.to('out', { value: number })),
  );
  broken.error(new TypeError('secret'));
  await expect(t.stop()).rejects.toMatchObject({
    code: 'PROCESS',
    at: undefined,
    message: expect.stringContaining('threw TypeError'),
  });
});

test('an error while the topology is wired is what run rejects with', async () => {
  const topology = (app: App) =>
    void merge(
      numbersOf(app),
      throwError(() => new TypeError('secret')),
    ).subscribe(app.to('out', { value: number }));
  await expect(testApp(topology)).rejects.toMatchObject({ code: 'PROCESS' });
});

describe('a record without a delivery', () => {
  test.each(Object.entries(sinks))('fails the app at the sink: %s', async (_, sink) => {
    const strangers = new Subject<Numbers>();
    const t = await testApp(app => void merge(numbersOf(app), strangers).subscribe(sink(app)));
    strangers.next(testRecord<number, Buffer | null>({ value: 1 }));
    await expect(t.stop()).rejects.toMatchObject({
      code: 'WITHOUT_DELIVERY',
      message: expect.stringContaining('withValue or mapValue'),
    });
  });

  test.each([
    ['mapAsync', mapAsync<Buffer | null, number, number>(async value => value)],
    ['batch', batch<Buffer | null, number, number>(records => records.length, { maxRecords: 1 })],
  ])('behind %s too', async (_, operator) => {
    const strangers = new Subject<Numbers>();
    const t = await testApp(app => {
      merge(numbersOf(app), strangers)
        .pipe(operator)
        .subscribe(app.to('out', { value: number }));
    });
    strangers.next(testRecord<number, Buffer | null>({ value: 1 }));
    await t.idle();
    await expect(t.stop()).rejects.toMatchObject({ code: 'WITHOUT_DELIVERY' });
  });

  test('at through', async () => {
    const strangers = new Subject<Numbers>();
    const t = await testApp(app => {
      const passed = merge(numbersOf(app), strangers).pipe(through(app.each(() => {})));
      passed.subscribe(app.to('out', { value: number }));
    });
    strangers.next(testRecord<number, Buffer | null>({ value: 1 }));
    await expect(t.stop()).rejects.toMatchObject({ code: 'WITHOUT_DELIVERY' });
  });

  test.each([7, 'text', null, undefined, {}])(
    'what is no record at all does not make next throw: %p',
    async thing => {
      const things = new Subject<unknown>();
      const t = await testApp(app => {
        numbersOf(app).subscribe(app.each(() => {}));
        // What a program without types may hand on.
        (things as Subject<Numbers>).subscribe(app.to('out', { value: number }));
      });
      expect(() => things.next(thing)).not.toThrow();
      await expect(t.stop()).rejects.toMatchObject({ code: 'WITHOUT_DELIVERY' });
    },
  );
});

describe('a sink’s own next never throws', () => {
  const throwing = {
    codec: (app: App) =>
      app.to('out', {
        value: {
          ...string,
          encode: () => {
            throw new Error('secret');
          },
        },
      }),
    selector: (app: App) =>
      app.to('out', {
        keyBy: () => {
          throw new Error('secret');
        },
        value: string,
      }),
    partition: (app: App) => app.to('out', { partition: () => 99, value: string }),
    function: (app: App) =>
      app.each<unknown, string>(() => {
        throw new Error('secret');
      }),
  };

  test.each(Object.entries(throwing))('a %s that throws is a problem of the record', async (_, sink) => {
    const after: string[] = [];
    const t = await testApp(
      app => {
        const source = numbersOf(app).pipe(mapValue(String), share());
        source.subscribe(sink(app));
        source.subscribe(app.each(({ value }) => void after.push(value), { name: 'healthy' }));
      },
      { policies: { encode: 'skip', process: 'skip' } },
    );
    t.pipeIn('in', values(1, 2));
    await t.stop();
    expect([after, t.committed('in')]).toEqual([['1', '2'], [2]]);
  });
});

describe('a bare subscribe', () => {
  test('is no sink: what it throws would surface after next has returned, so it is refused', async () => {
    const started = testApp(app => numbersOf(app).subscribe(() => {}));
    await expect(started).rejects.toMatchObject({ code: 'PATH_WITHOUT_SINK' });
  });

  test('app.each is one: what it throws keeps the record from being committed', async () => {
    const t = await testApp(app => {
      numbersOf(app).subscribe(
        app.each(() => {
          throw new Error('in time');
        }),
      );
    });
    expect(() => t.pipeIn('in', values(1))).toThrow('failed with Error');
    await expect(t.stop()).rejects.toMatchObject({ code: 'PROCESS', at: { offset: 0 } });
    expect(t.committed('in')).toEqual([-1]);
  });
});

describe('after a failure', () => {
  test('what a call still under way gives is not written, and its record not committed', async () => {
    const answers = new Subject<number>();
    const t = await testApp(app => {
      const source = numbersOf(app).pipe(share());
      source.pipe(mapAsync(() => answers.pipe(take(1)))).subscribe(app.to('out', { value: number }));
      source.subscribe(
        app.each(({ value }) => {
          if (value === 2) throw new Error('no');
        }),
      );
    });
    expect(() => t.pipeIn('in', values(1, 2))).toThrow();
    answers.next(1);
    await expect(t.stop()).rejects.toMatchObject({ code: 'PROCESS', at: { offset: 1 } });
    expect(t.read('out', { value: number })).toEqual([]);
    expect(t.committed('in')).toEqual([-1]);
  });

  test.each<[string, (app: App) => OperatorFunction<Numbers, Numbers>]>([
    ['mapAsync', () => mapAsync<Buffer | null, number, number>(() => new Subject<number>())],
    [
      'batch',
      () => batch<Buffer | null, number, number>(records => records.length, { maxWaitMs: 3_600_000 }),
    ],
  ])('the end does not wait for records of a branch that was torn down: %s', async (_, leasing) => {
    const t = await testApp(
      app => {
        const breaks = map((record: Numbers) => {
          if (record.value === 2) throw new Error('no');
          return record;
        });
        numbersOf(app)
          .pipe(breaks, leasing(app))
          .subscribe(app.to('out', { value: number }));
      },
      { stopDeadlineMs: 3_600_000 },
    );
    expect(() => t.pipeIn('in', values(1, 2))).toThrow();
    const before = t.clock.elapsed();
    await expect(t.stop()).rejects.toMatchObject({ code: 'PROCESS' });
    expect(t.clock.elapsed() - before).toBeLessThan(1000);
    expect(t.committed('in')).toEqual([-1]);
  });

  test('a record that a sink acknowledges behind a torn-down through is not committed', async () => {
    const t = await testApp(app => {
      const source = numbersOf(app);
      const passed = source.pipe(through(app.to('middle', { value: number })), take(1));
      passed.subscribe(app.to('out', { value: number }));
    });
    t.broker.faults.delayAcknowledgements(50);
    t.pipeIn('in', values(1, 2));
    await expect(t.advance(50)).rejects.toThrow();
    await expect(t.stop()).rejects.toMatchObject({ code: 'SINK_ENDED' });
    expect(t.read('middle', { value: number })).toHaveLength(2);
    expect(t.committed('in')[0]).toBeLessThan(2);
  });
});
