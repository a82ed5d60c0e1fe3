import { getEventListeners } from 'node:events';
import { type KafkaRecord, memoryStore, retry, string } from 'kafka-rx';
import { mapAsync } from 'kafka-rx/operators';
import { deliver, testRecord, VirtualClock } from 'kafka-rx/testing';
import { of, Subject, Subscription, throwError } from 'rxjs';
import { Retries } from '../../../lib/flow/leases/retries.js';
import { Members } from '../../app/members.js';

/** What a subscription has to undo, and all subscriptions below it. */
function finalizers(subscription: Subscription): number {
  // rxjs keeps them in a private field; the test is about its length.
  const { _finalizers } = subscription as unknown as { readonly _finalizers: readonly unknown[] | null };
  return (_finalizers ?? []).reduce<number>(
    (sum, finalizer) => sum + 1 + (finalizer instanceof Subscription ? finalizers(finalizer) : 0),
    0,
  );
}

describe('what is tried again', () => {
  test.each<[string, (value: number) => unknown]>([
    ['at once', () => throwError(() => new Error('busy'))],
    ['by a throw', () => raise()],
    ['by a rejection', () => Promise.reject(new Error('busy'))],
  ])('leaves nothing in the subscription of mapAsync when it is over: failing %s', async (_, fail) => {
    const clock = new VirtualClock();
    const source = new Subject<KafkaRecord<null, number>>();
    const delivered = deliver(source, { clock, policies: { process: retry({ attempts: 2 }) } });
    const tries = new Map<number, number>();
    const call = (value: number) => {
      const attempt = (tries.get(value) ?? 0) + 1;
      tries.set(value, attempt);
      return attempt < 3 ? (fail(value) as Promise<number>) : of(value);
    };
    const subscription = delivered.records$.pipe(mapAsync(call, { concurrency: 300 })).subscribe();
    const settle = async () => {
      for (let turn = 0; turn < 6; turn++) {
        clock.advance(500);
        await new Promise(resolve => setImmediate(resolve));
      }
    };
    source.next(testRecord({ value: 0, offset: 0 }));
    await settle();
    const [before, timers] = [finalizers(subscription), clock.pending];
    for (let offset = 1; offset <= 200; offset++) source.next(testRecord({ value: offset, offset }));
    await settle();
    expect(delivered.settled).toHaveLength(201);
    expect([finalizers(subscription), clock.pending]).toEqual([before, timers]);
  });

  test('leaves no timer and no listener when it was tried, ended with its epoch, or was given up', () => {
    const clock = new VirtualClock();
    const source = new Subject<KafkaRecord<null, number>>();
    const delivered = deliver(source, { clock });
    const retries = new Retries();
    const signals: AbortSignal[] = [];
    const tried: number[] = [];
    const taken: boolean[] = [];
    delivered.records$
      .pipe(
        mapAsync((_value, record, signal) => {
          signals.push(signal);
          // The host is the delivery's own.
          const host = { clock, live: true } as never;
          const policy = retry({ initialDelayMs: 1000 });
          taken.push(retries.again(host, [record], policy, 1, () => tried.push(record.offset)));
          return new Promise<number>(() => {});
        }),
      )
      .subscribe();
    const listeners = () => signals.map(signal => getEventListeners(signal, 'abort').length);

    source.next(testRecord({ value: 0, offset: 0 }));
    expect([retries.size, listeners()]).toEqual([1, [1]]);
    clock.advance(1000);
    expect([tried, retries.size, listeners()]).toEqual([[0], 0, [0]]);

    source.next(testRecord({ value: 1, offset: 1 }));
    delivered.revoke();
    expect(tried).toEqual([0]);
    clock.flush();
    expect([tried, retries.size, listeners()]).toEqual([[0, 1], 0, [0, 0]]);

    source.next(testRecord({ value: 2, offset: 2 }));
    retries.cancel();
    clock.advance(10_000);
    expect([tried, retries.size, listeners()]).toEqual([[0, 1], 0, [0, 0, 0]]);
    expect(taken).toEqual([true, true, true]);
  });

  test.each<[string, (attempt: number) => unknown]>([
    ['NaN', () => Number.NaN],
    ['a negative time', () => -1],
    ['text', () => '10'],
    ['a throw', () => raise()],
  ])(
    'a schedule of a user’s own that gives %s fails the app, and the record is not committed',
    async (_, delayMs) => {
      for (const where of ['mapAsync', 'app.each', 'app.store'] as const) {
        const members = new Members({ in: 1, out: 1 });
        // What a caller without types may give.
        const onError = { attempts: 3, otherwise: 'skip' as const, delayMs: delayMs as () => number };
        const member = members.start(app => {
          const source = app.topic('in', { value: string });
          const fails = (): Promise<string> => Promise.reject(new Error('busy'));
          if (where === 'mapAsync')
            source.pipe(mapAsync(fails, { onError })).subscribe(app.to('out', { value: string }));
          else if (where === 'app.each') source.subscribe(app.each(fails, { onError }));
          else source.subscribe(app.store(refusing(), { onStoreError: onError }));
        });
        await members.settle();
        members.publish('in', 'a');
        await members.pass(2000);
        expect([where, member.outcome]).toMatchObject([where, { code: 'CONFIGURATION' }]);
        expect(members.committed('in')).toEqual([-1]);
      }
    },
  );
});

function refusing() {
  return { ...memoryStore<string>('refusing'), write: () => Promise.reject(new Error('full')) };
}

describe('a new epoch does not wait behind a retry of the one before', () => {
  test.each(['mapAsync', 'app.each'] as const)('%s', async where => {
    const members = new Members({ in: 1, out: 1 });
    const called: string[] = [];
    let fails = true;
    const call = (value: string): Promise<string> => {
      called.push(value);
      return fails ? Promise.reject(new Error('busy')) : Promise.resolve(value);
    };
    const onError = retry({ attempts: 9, initialDelayMs: 1e6, maxDelayMs: 1e6 });
    const member = members.start(app => {
      const source = app.topic('in', { value: string });
      const options = { onError, concurrency: 1 };
      if (where === 'app.each') source.subscribe(app.each(({ value }) => call(value), options));
      else source.pipe(mapAsync(call, options)).subscribe(app.to('out', { value: string }));
    });
    members.publish('in', 'a', 'b');
    await members.settle();
    expect(called).toEqual(['a']);
    fails = false;
    members.broker.faults.losePartitions(members.memberIds()[0] ?? '');
    await members.pass(1000);
    expect(called).toEqual(['a', 'a', 'b']);
    expect([member.outcome, members.committed('in')]).toEqual(['running', [2]]);
    expect(member.metrics.value('kafka_rx_records_dropped_total', { reason: 'stale-epoch' })).toBe(2);
  });
});

function raise(): never {
  throw new Error('secret');
}

test('as many calls and retries as a partition has under way may listen to its one signal, and Node warns of no leak', async () => {
  const members = new Members({ in: 1 });
  const signals = new Set<AbortSignal>();
  members.start(app => {
    const down = async (_value: string, _record: unknown, signal: AbortSignal): Promise<string> => {
      signals.add(signal);
      signal.addEventListener('abort', () => {});
      throw new Error('down');
    };
    const calls = mapAsync(down, {
      onError: retry({ initialDelayMs: 60_000 }),
      order: 'none',
      concurrency: 64,
    });
    app
      .topic('in', { value: string })
      .pipe(calls)
      .subscribe(app.each(() => {}));
  });
  members.publish('in', ...Array.from({ length: 32 }, (_, i) => `${i}`));
  await members.settle();
  const [signal] = signals;
  if (signal === undefined) throw new Error('no call');
  expect(getEventListeners(signal, 'abort').length).toBeGreaterThan(40);
  // Node 20 has no other way to ask: `getMaxListeners` takes 0 for none.
  const limit = Object.getOwnPropertySymbols(signal).find(({ description }) =>
    description?.includes('maxEventTarget'),
  );
  expect([signals.size, limit && Reflect.get(signal, limit)]).toEqual([1, 0]);
});
