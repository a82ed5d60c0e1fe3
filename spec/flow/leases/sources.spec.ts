import { filter, type Subscription, tap } from 'rxjs';
import type { App } from '../../../lib/app/interface.js';
import { number } from '../../../lib/codecs/number.js';
import { string } from '../../../lib/codecs/string.js';
import { testApp } from '../../../lib/testing/index.js';
import { batch } from '../../../operators/batch.js';
import { mapAsync } from '../../../operators/mapAsync.js';
import { mapValue } from '../../../operators/mapValue.js';

const values = (...numbers: readonly number[]) => numbers.map(value => ({ value: `${value}` }));
const numbersOf = (app: App, topic: string | RegExp = 'in') => app.topic(topic, { value: number });

describe('a source without subscribers', () => {
  test('is refused, by name and with what to do', async () => {
    const topology = (app: App) => {
      numbersOf(app, 'heard').subscribe(app.each(() => {}));
      numbersOf(app, 'unheard');
    };
    await expect(testApp(topology)).rejects.toMatchObject({
      code: 'SOURCE_WITHOUT_SUBSCRIBER',
      message: expect.stringMatching(/'unheard'.*Subscribe a sink/),
    });
  });

  test('is refused behind operators that nobody subscribed', async () => {
    await expect(testApp(app => void numbersOf(app).pipe(mapValue(n => n)))).rejects.toMatchObject({
      code: 'SOURCE_WITHOUT_SUBSCRIBER',
    });
  });

  test('no source at all is refused', async () => {
    await expect(testApp(() => {})).rejects.toMatchObject({ code: 'TOPOLOGY' });
  });
});

describe('a source that loses its last subscriber', () => {
  test('pauses, commits nothing more, and goes on with the next record when one comes back', async () => {
    const seen: string[] = [];
    let subscription: Subscription | undefined;
    let comeBack = () => {};
    const t = await testApp(app => {
      const source = numbersOf(app);
      const sink = (name: string) =>
        app.each<unknown, number>(({ value }) => void seen.push(`${name}${value}`), { name, mayEnd: true });
      subscription = source.subscribe(sink('a'));
      const second = sink('b');
      comeBack = () => source.subscribe(second);
    });
    t.pipeIn('in', values(1));
    subscription?.unsubscribe();
    t.pipeIn('in', values(2, 3));
    await t.advance(60_000);
    await t.idle();
    expect([seen, t.committed('in')]).toEqual([['a1'], [1]]);
    comeBack();
    await t.idle();
    await t.stop();
    expect([seen, t.committed('in')]).toEqual([['a1', 'b2', 'b3'], [3]]);
  });

  test('in the middle of a record: the next of the same fetch is not handed to nobody', async () => {
    const seen: number[] = [];
    const t = await testApp(app => {
      const source = numbersOf(app);
      const subscription: Subscription = source.subscribe(
        app.each(
          ({ value }) => {
            seen.push(value);
            if (value === 2) subscription.unsubscribe();
          },
          { mayEnd: true },
        ),
      );
    });
    t.pipeIn('in', values(1, 2, 3, 4));
    await t.stop();
    expect([seen, t.committed('in')]).toEqual([[1, 2], [2]]);
  });

  test('other sources go on', async () => {
    const seen: number[] = [];
    let subscription: Subscription | undefined;
    const t = await testApp(app => {
      subscription = numbersOf(app, 'a').subscribe(app.each(() => {}, { mayEnd: true }));
      numbersOf(app, 'b').subscribe(app.each(({ value }) => void seen.push(value)));
    });
    subscription?.unsubscribe();
    t.pipeIn('a', values(1));
    t.pipeIn('b', values(2));
    await t.stop();
    expect([seen, t.committed('a'), t.committed('b')]).toEqual([[2], [-1], [1]]);
  });
});

describe('several views of one topic', () => {
  test('are one delivery: each decodes its own way, and the offset waits for the slowest', async () => {
    const seen: unknown[] = [];
    let finish = () => {};
    const slow = new Promise<void>(resolve => {
      finish = resolve;
    });
    const t = await testApp(
      app => {
        app.topic('in-a', { value: number }).subscribe(app.each(({ value }) => void seen.push(value)));
        app
          .topic(['in-a', 'in-b'], { value: string })
          .subscribe(app.each(({ value }) => void seen.push(value)));
        app.topic(/^in-/, { value: string }).subscribe(app.each(() => slow));
      },
      { commit: { every: 1 } },
    );
    t.pipeIn('in-a', values(1));
    await t.idle();
    expect([seen, t.committed('in-a')]).toEqual([[1, '1'], [-1]]);
    expect(t.metrics.value('kafka_rx_records_consumed_total', { topic: 'in-a' })).toBe(1);
    finish();
    await t.idle();
    expect(t.committed('in-a')).toEqual([1]);
    await t.stop();
  });

  test('one that loses its last subscriber pauses the topic for all: a record is delivered to every view or none', async () => {
    const seen: number[] = [];
    let subscription: Subscription | undefined;
    const t = await testApp(app => {
      subscription = numbersOf(app).subscribe(app.each(() => {}, { mayEnd: true }));
      numbersOf(app).subscribe(app.each(({ value }) => void seen.push(value)));
    });
    subscription?.unsubscribe();
    t.pipeIn('in', values(1));
    await t.stop();
    expect([seen, t.committed('in')]).toEqual([[], [-1]]);
  });

  test('a record that one view cannot decode is a problem once, and the others have it', async () => {
    const seen: string[] = [];
    const t = await testApp(
      app => {
        numbersOf(app).subscribe(app.each(() => {}));
        app.topic('in', { value: string }).subscribe(app.each(({ value }) => void seen.push(value)));
      },
      { policies: { decode: 'skip' } },
    );
    t.pipeIn('in', [{ value: 'no number' }]);
    await t.stop();
    expect([seen, t.committed('in')]).toEqual([['no number'], [1]]);
  });
});

describe('a hot source', () => {
  test('subscribing starts nothing, and a late subscriber gets what comes later', async () => {
    const late: number[] = [];
    let subscribe = () => {};
    const t = await testApp(app => {
      const source = numbersOf(app);
      source.subscribe(app.each(() => {}));
      const sink = app.each<unknown, number>(({ value }) => void late.push(value));
      subscribe = () => source.subscribe(sink);
    });
    t.pipeIn('in', values(1));
    subscribe();
    t.pipeIn('in', values(2));
    await t.stop();
    expect(late).toEqual([2]);
  });

  test('completes when the app has stopped, and never errors', async () => {
    const ends: string[] = [];
    const topology = (app: App) => {
      const source = numbersOf(app);
      source.subscribe(
        app.each(({ value }) => {
          if (value === 1) throw new Error('no');
        }),
      );
      const note = { error: () => ends.push('error'), complete: () => ends.push('complete') };
      source
        .pipe(
          filter(() => false),
          tap(note),
        )
        .subscribe(app.watch(() => {}));
    };
    const stopped = await testApp(topology);
    await stopped.stop();
    const failed = await testApp(topology);
    expect(() => failed.pipeIn('in', values(1))).toThrow();
    await expect(failed.stop()).rejects.toMatchObject({ code: 'PROCESS' });
    expect(ends).toEqual(['complete', 'complete']);
  });
});

describe('lease holders are told to flush', () => {
  const gathers = batch<Buffer | null, number, number>(records => records.length, {
    maxRecords: 1000,
    maxWaitMs: 3_600_000,
  });

  test.each([
    ['too many unsettled records', { maxUnsettled: 2 }],
    ['too wide a span', { maxSpan: 2 }],
  ])('at a bound, at once: %s', async (_, bounds) => {
    const t = await testApp(
      app =>
        void numbersOf(app)
          .pipe(gathers)
          .subscribe(app.each(() => {})),
      { bounds, commit: { every: 1 } },
    );
    t.pipeIn('in', values(1, 2, 3, 4));
    await t.idle();
    expect(t.clock.elapsed()).toBe(0);
    expect(t.committed('in')).toEqual([4]);
    await t.stop();
  });
});

describe('a partition that is lost', () => {
  test.each<[string, (app: App, work: (signal: AbortSignal) => Promise<number>) => void]>([
    [
      'mapAsync',
      (app, work) => {
        const called = numbersOf(app).pipe(mapAsync((_value, _record, signal) => work(signal)));
        called.subscribe(app.each(() => {}));
      },
    ],
    [
      'app.each',
      (app, work) => void numbersOf(app).subscribe(app.each((_record, { signal }) => work(signal))),
    ],
  ])(
    'aborts the work of %s; what rejects for that fails nothing, and is delivered again',
    async (_, topology) => {
      let calls = 0;
      const work = (signal: AbortSignal) =>
        ++calls > 1
          ? Promise.resolve(1)
          : new Promise<number>((_resolve, reject) =>
              signal.addEventListener('abort', () => reject(signal.reason)),
            );
      const t = await testApp(app => topology(app, work));
      t.pipeIn('in', values(1));
      await t.idle();
      const [member] = t.broker.members('test');
      t.broker.faults.losePartitions(member?.memberId ?? '');
      for (let seconds = 0; seconds < 10; seconds++) {
        await t.advance(1000);
        await t.idle();
      }
      expect([calls, t.committed('in')]).toEqual([2, [1]]);
      await t.stop();
    },
  );
});
