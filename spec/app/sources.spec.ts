import * as t from 'io-ts';
import { type App, json, number, string } from 'kafka-rx';
import { mapValue } from 'kafka-rx/operators';
import { testApp } from 'kafka-rx/testing';
import { EMPTY, type MonoTypeOperatorFunction, Observable, share, tap } from 'rxjs';
import { Members } from './members.js';

const value = string;

describe('app.topic', () => {
  test('is hot: subscribing starts nothing, late subscribers get what comes later', async () => {
    const members = new Members({ in: 1, early: 1, late: 1 });
    let subscribed = false;
    let subscribeLate = (): void => {};
    members.publish('in', 'before run');
    const member = members.start(app => {
      const records = app.topic('in', { value });
      const late = app.to('late', { value });
      records.subscribe(app.to('early', { value }));
      subscribed = true;
      subscribeLate = () => records.subscribe(late);
    });
    expect(subscribed && members.memberIds()).toEqual([]);
    await members.settle();
    members.publish('in', 'one');
    await members.settle();
    subscribeLate();
    members.publish('in', 'two');
    await members.settle();
    expect(members.values('early')).toEqual(['before run', 'one', 'two']);
    expect(members.values('late')).toEqual(['two']);
    expect(member.outcome).toBe('running');
  });

  test.each(['stopped', 'failed'])('completes at once for who subscribes after the app has %s', async how => {
    const members = new Members({ in: 1 });
    let records: Observable<unknown> = EMPTY;
    const member = members.start(app => {
      const source = app.topic('in', { value });
      source.subscribe(
        app.each(() => {
          throw new Error('no');
        }),
      );
      records = source;
    });
    await members.settle();
    if (how === 'failed') members.publish('in', 'a');
    else void member.app.stop();
    await members.settle();
    expect(member.outcome).not.toBe('running');
    const told: string[] = [];
    // As an operator subscribes.
    for (const stream of [records, records.pipe(share())])
      new Observable(subscriber => stream.subscribe(subscriber)).subscribe({
        next: () => told.push('next'),
        complete: () => told.push('complete'),
      });
    expect(told).toEqual(['complete', 'complete']);
  });

  test('without run nothing is ever read, whoever subscribes', async () => {
    const members = new Members({ in: 1 });
    members.publish('in', 'a');
    const { createApp } = await import('kafka-rx');
    const { memory } = await import('kafka-rx/memory');
    const app = createApp({ groupId: 'group', driver: memory({ broker: members.broker }) });
    const seen: unknown[] = [];
    app.topic('in', { value }).subscribe(record => seen.push(record));
    await members.pass(60_000);
    expect(seen).toEqual([]);
    expect(members.memberIds()).toEqual([]);
  });

  test('completes when the app has stopped, and never errors, not even when it failed', async () => {
    const members = new Members({ in: 1, out: 1 });
    const heard: string[] = [];
    const listen = <T>(name: string): MonoTypeOperatorFunction<T> =>
      tap({
        error: () => heard.push(`${name} error`),
        complete: () => heard.push(`${name} complete`),
      });
    const stopped = members.start(app =>
      app.topic('in', { value }).pipe(listen('stopped')).subscribe(app.to('out', { value })),
    );
    const failed = members.start(
      app =>
        app
          .topic('in', { value: number })
          .pipe(listen('failed'))
          .subscribe(app.each(() => {})),
      { groupId: 'other' },
    );
    await members.settle();
    members.publish('in', 'no number');
    await members.settle();
    void stopped.app.stop();
    await members.settle();
    expect(heard).toEqual(['failed complete', 'stopped complete']);
    expect([stopped.outcome, failed.outcome]).toEqual(['done', expect.objectContaining({ code: 'DECODE' })]);
  });

  test('several names are one stream, each name once', async () => {
    const t = await testApp(app =>
      app
        .topic(['a', 'b', 'a'], { value })
        .subscribe(app.to('out', { value, keyBy: (_, record) => record.topic })),
    );
    t.pipeIn('a', [{ value: '1' }]);
    t.pipeIn('b', [{ value: '2' }]);
    expect(t.read('out', { key: string, value }).map(({ key, value }) => `${key}${value}`)).toEqual([
      'a1',
      'b2',
    ]);
  });

  test.each([
    [[], 'empty list'],
    ['', 'no legal topic name'],
    ['..', 'no legal topic name'],
    ['a b', 'no legal topic name'],
    ['x'.repeat(250), 'no legal topic name'],
    [/a/g, "flag 'g' or 'y'"],
    [/a/y, "flag 'g' or 'y'"],
    [/a/giu, "flag 'g' or 'y'"],
  ])('%p is refused while wiring', async (selector, message) => {
    const wiring = testApp(app => void app.topic(selector, { value }));
    await expect(wiring).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringContaining(message),
    });
  });

  test('several views of one topic, each with its codecs, are one delivery and one watermark', async () => {
    const Amount = t.strict({ amount: t.number });
    const test = await testApp(
      app => {
        app
          .topic('in', { value: string })
          .pipe(mapValue(text => String(text.length)))
          .subscribe(app.to('lengths', { value: string }));
        app
          .topic('in', { value: json(Amount) })
          .pipe(mapValue(({ amount }) => amount))
          .subscribe(app.to('amounts', { value: number }));
        app.topic(/^i/, { value: string }).subscribe(app.to('texts', { value: string }));
      },
      { commit: { every: 1 } },
    );
    test.broker.faults.delayAcknowledgements(0);
    test.pipeIn('in', [{ value: { amount: 7 } }, { value: { amount: 8 } }]);
    expect(test.metrics.value('kafka_rx_records_consumed_total')).toBe(2);
    expect(test.read('lengths', { value: string }).map(r => r.value)).toEqual(['12', '12']);
    expect(test.read('amounts', { value: number }).map(r => r.value)).toEqual([7, 8]);
    expect(test.read('texts', { value: string })).toHaveLength(2);
    await test.idle();
    expect(test.committed('in')).toEqual([2]);
  });

  test('one view that lags holds the one watermark for all', async () => {
    const members = new Members({ in: 1, out: 1 });
    let finish = (): void => {};
    members.start(app => {
      app.topic('in', { value }).subscribe(app.to('out', { value }));
      app
        .topic(['in'], { value })
        .subscribe(app.each(() => new Promise<void>(resolve => (finish = resolve))));
    });
    members.publish('in', 'a');
    await members.pass(1000);
    expect(members.values('out')).toEqual(['a']);
    expect(members.committed('in')).toEqual([-1]);
    finish();
    await members.pass(1000);
    expect(members.committed('in')).toEqual([1]);
  });
});

describe('a RegExp', () => {
  const start = async () => {
    const members = new Members({ 'orders-1': 1, other: 1, 'orders-out': 1, '__orders-internal': 1 });
    const member = members.start(
      app => app.topic(/orders/, { value }).subscribe(app.to('orders-out', { value })),
      { discoveryMs: 5000 },
    );
    await members.settle();
    return { members, member };
  };

  test('finds what matches, but neither internal topics nor what the app writes itself', async () => {
    const { members, member } = await start();
    expect(member.events.find(({ type }) => type === 'subscribed')).toEqual({
      type: 'subscribed',
      topics: ['orders-1'],
    });
    members.publish('orders-1', 'a');
    members.publish('__orders-internal', 'b');
    members.publish('other', 'c');
    await members.pass(20_000);
    expect(members.values('orders-out')).toEqual(['a']);
  });

  test('finds new topics while the app runs, and loses no record of them nor of the others', async () => {
    const { members, member } = await start();
    members.publish('orders-1', 'a');
    await members.settle();
    members.broker.createTopic('orders-2', 2);
    members.broker.publish('orders-2', [
      { value: 'b', partition: 0 },
      { value: 'c', partition: 1 },
    ]);
    await members.pass(4999);
    expect(members.values('orders-out')).toEqual(['a']);
    await members.pass(100);
    members.publish('orders-1', 'd');
    await members.pass(100);
    expect(members.values('orders-out').sort()).toEqual(['a', 'b', 'c', 'd']);
    expect([members.committed('orders-1'), members.committed('orders-2')]).toEqual([[2], [1, 1]]);
    expect(member.outcome).toBe('running');
  });

  test('a look that fails is repeated at the next interval', async () => {
    const { members, member } = await start();
    members.broker.createTopic('orders-2', 1);
    members.publish('orders-2', 'b');
    members.broker.faults.down();
    await members.pass(5000);
    members.broker.faults.up();
    await members.pass(5000);
    expect(members.values('orders-out')).toEqual(['b']);
    expect(member.outcome).toBe('running');
  });

  test('a topic of the app itself is read when it is named in full', async () => {
    const t = await testApp(app => {
      app.topic('in', { value }).subscribe(app.to('middle', { value }));
      app.topic(['middle'], { value }).pipe(share()).subscribe(app.to('out', { value }));
      app.topic(/mid|in/, { value }).subscribe(app.to('seen', { value, keyBy: (_, { topic }) => topic }));
    });
    t.pipeIn('in', [{ value: 'a' }]);
    expect(t.read('out', { value })).toHaveLength(1);
    expect(t.read('seen', { key: string, value }).map(({ key }) => key)).toEqual(['in']);
  });
});

describe('startFrom', () => {
  const run = async (
    startFrom: 'earliest' | 'latest' | { timestamp: number } | undefined,
    committed?: number,
  ) => {
    const members = new Members({ in: 1, out: 1 });
    members.broker.publish('in', [
      { value: 'a', timestamp: 1000 },
      { value: 'b', timestamp: 2000 },
      { value: 'c', timestamp: 3000 },
    ]);
    if (committed !== undefined)
      members.broker.setCommitted('group', { topic: 'in', partition: 0 }, committed);
    members.start(app => app.topic('in', { value }).subscribe(app.to('out', { value })), { startFrom });
    await members.settle();
    members.publish('in', 'd');
    await members.settle();
    return members.values('out').join('');
  };

  test('is earliest unless told', async () => expect(await run(undefined)).toBe('abcd'));
  test('earliest begins at the first record', async () => expect(await run('earliest')).toBe('abcd'));
  test('latest begins at the end', async () => expect(await run('latest')).toBe('d'));
  test('a timestamp begins at the first record of that time', async () =>
    expect(await run({ timestamp: 1500 })).toBe('bcd'));
  test('latest holds from the first start on: what comes while no member runs is not skipped', async () => {
    const members = new Members({ in: 1, out: 1 });
    members.publish('in', 'a');
    const copy = (app: App) => void app.topic('in', { value }).subscribe(app.to('out', { value }));
    const first = members.start(copy, { startFrom: 'latest' });
    await members.settle();
    void first.app.stop();
    await members.settle();
    expect(members.committed('in')).toEqual([1]);
    members.publish('in', 'b');
    members.start(copy, { startFrom: 'latest' });
    await members.settle();
    expect(members.values('out')).toEqual(['b']);
  });
  test('a committed offset counts more', async () => expect(await run('earliest', 2)).toBe('cd'));
});
