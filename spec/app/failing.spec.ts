import { createApp, isKafkaRxError, type KafkaRecord, KafkaRxError, string } from 'kafka-rx';
import { MemoryBroker, memory } from 'kafka-rx/memory';
import { batch, mapAsync, mapValue } from 'kafka-rx/operators';
import { testApp, testRecord, VirtualClock } from 'kafka-rx/testing';
import { map, merge, share, take } from 'rxjs';
import { held, Members } from './members.js';

const refuse = (value: string): string => {
  if (value === 'bad') throw new Error('the value was bad');
  return value;
};

describe('a failing app', () => {
  test('rejects with code, coordinates and remedy, and commits nothing from the failed record on', async () => {
    const members = new Members({ in: 1, out: 1 });
    const member = members.start(app =>
      app
        .topic('in', { value: string })
        .pipe(mapValue(refuse))
        .subscribe(app.to('out', { value: string })),
    );
    members.publish('in', 'a', 'b', 'bad', 'c');
    await members.settle();
    expect(member.outcome).toMatchObject({
      code: 'PROCESS',
      at: { topic: 'in', partition: 0, offset: 2 },
      message:
        "The function of 'mapValue(refuse)' threw Error (topic in, partition 0, offset 2). Mend it, or set a policy for 'process'",
    });
    expect(members.committed('in')).toEqual([2]);
    expect(members.values('out')).toEqual(['a', 'b']);
  });

  test('keeps the first error, whatever fails after it', async () => {
    const members = new Members({ in: 2, out: 1 });
    const member = members.start(app => {
      const records = app.topic('in', { value: string }).pipe(share());
      records
        .pipe(mapValue(refuse, { name: 'first' }))
        .subscribe(app.to('out', { value: string, name: 'A' }));
      records
        .pipe(mapValue(refuse, { name: 'second' }))
        .subscribe(app.to('out', { value: string, name: 'B' }));
    });
    members.publish('in', 'bad', 'bad');
    await members.settle();
    expect(member.outcome).toMatchObject({ code: 'PROCESS', message: expect.stringContaining("'first'") });
    expect(member.events.filter(({ type }) => type === 'failed')).toHaveLength(1);
  });

  test.each([
    ['mapAsync', true],
    ['batch', false],
  ])('what %s hands on after the failure is neither written nor committed', async (_name, isAsync) => {
    const members = new Members({ good: 1, bad: 1, out: 1 });
    const answer = held<string>();
    const member = members.start(
      app => {
        const good = app.topic('good', { value: string });
        const held$ = isAsync
          ? good.pipe(mapAsync(() => answer.promise))
          : good.pipe(batch(records => records.map(({ value }) => value).join(), { maxWaitMs: 60_000 }));
        held$.subscribe(app.to('out', { value: string, name: 'A' }));
        app
          .topic('bad', { value: string })
          .pipe(mapValue(refuse))
          .subscribe(app.to('out', { value: string, name: 'B' }));
      },
      { stopDeadlineMs: 1000, idleMs: 1e9 },
    );
    await members.settle();
    members.publish('good', 'precious');
    await members.settle();
    members.publish('bad', 'bad');
    await members.settle();
    answer.resolve('precious');
    await members.settle();
    await members.pass(100);
    expect(member.outcome).toMatchObject({ code: 'PROCESS' });
    expect(members.values('out')).toEqual([]);
    expect(members.committed('good')).toEqual([-1]);
  });

  test('a throw in a plain operator fails the app at that record, whatever the policies', async () => {
    const members = new Members({ in: 1, out: 1 });
    const member = members.start(
      app =>
        app
          .topic('in', { value: string })
          .pipe(map(record => record.withValue(refuse(record.value))))
          .subscribe(app.to('out', { value: string })),
      { policies: { process: 'skip' } },
    );
    members.publish('in', 'a', 'bad', 'c');
    await members.settle();
    expect(member.outcome).toMatchObject({ code: 'PROCESS', at: { topic: 'in', partition: 0, offset: 1 } });
    expect(members.committed('in')).toEqual([1]);
  });

  test('a sink that ends fails the app before the record at hand can settle, unless it may end', async () => {
    const run = async (mayEnd: boolean) => {
      const members = new Members({ in: 1, out: 1, other: 1 });
      const member = members.start(app => {
        const records = app.topic('in', { value: string }).pipe(share());
        records.pipe(take(2)).subscribe(app.to('out', { value: string, mayEnd }));
        records.subscribe(app.to('other', { value: string }));
      });
      members.publish('in', 'a', 'b', 'c');
      await members.pass(100);
      return { outcome: member.outcome, committed: members.committed('in'), other: members.values('other') };
    };
    expect(await run(false)).toMatchObject({
      outcome: { code: 'SINK_ENDED', at: { topic: 'in', partition: 0, offset: 1 } },
      committed: [1],
    });
    expect(await run(true)).toEqual({ outcome: 'running', committed: [3], other: ['a', 'b', 'c'] });
  });

  test('a source that loses its last subscriber pauses, and commits nothing more', async () => {
    const members = new Members({ in: 1, out: 1 });
    const member = members.start(app => {
      app
        .topic('in', { value: string })
        .pipe(take(2))
        .subscribe(app.to('out', { value: string, mayEnd: true }));
    });
    members.publish('in', 'a', 'b', 'c', 'd');
    await members.pass(100);
    expect(member.outcome).toBe('running');
    expect(members.committed('in')).toEqual([2]);
    expect(members.values('out')).toEqual(['a', 'b']);
  });

  test('a record that came from no source of the app fails it at the first sink', async () => {
    const members = new Members({ in: 1, out: 1 });
    const member = members.start(app =>
      app
        .topic('in', { value: string })
        .pipe(map((): KafkaRecord<null, string> => testRecord({ value: 'made up' })))
        .subscribe(app.to('out', { value: string })),
    );
    members.publish('in', 'a');
    await members.settle();
    expect(isKafkaRxError(member.outcome, 'WITHOUT_DELIVERY')).toBe(true);
    expect(members.values('out')).toEqual([]);
    expect(members.committed('in')).toEqual([-1]);
  });

  test('a failed consumer fails the app with its reason', async () => {
    const t = await testApp(app =>
      app.topic('in', { value: string }).subscribe(app.to('out', { value: string })),
    );
    const [member] = t.broker.members('test');
    t.broker.faults.failConsumer(member?.memberId ?? '', new KafkaRxError('DRIVER', 'the client gave up'));
    await t.idle();
    expect(t.app.health()).toMatchObject({ state: 'failed', live: false });
    await expect(t.stop()).rejects.toMatchObject({ code: 'DRIVER', message: 'the client gave up' });
  });

  test('both branches of a plain merge are settled by the one sink behind it', async () => {
    const members = new Members({ a: 1, b: 1, out: 1 });
    members.start(app =>
      merge(app.topic('a', { value: string }), app.topic('b', { value: string })).subscribe(
        app.to('out', { value: string }),
      ),
    );
    members.publish('a', '1', '2');
    members.publish('b', '3');
    await members.pass(100);
    expect([members.committed('a'), members.committed('b')]).toEqual([[2], [1]]);
    expect(members.values('out').sort()).toEqual(['1', '2', '3']);
  });
});

describe('an app that can do nothing', () => {
  test('a record that never settles fails the app after the stall timeout, and names its offset', async () => {
    const t = await testApp(
      app => app.topic('in', { value: string }).subscribe(app.each(() => new Promise(() => {}))),
      { stallTimeoutMs: 60_000, stopDeadlineMs: 1000 },
    );
    t.pipeIn('in', [{ value: 'a' }, { value: 'b' }]);
    await t.advance(45_000);
    expect(t.app.health().live).toBe(true);
    await expect(t.advance(45_000)).rejects.toEqual(
      expect.objectContaining({ code: 'STALLED', at: { topic: 'in', partition: 0, offset: 0 } }),
    );
    await expect(t.stop()).rejects.toMatchObject({ code: 'STALLED' });
  });

  test('a broker that is down at the start is tried again, with an event for each try', async () => {
    const clock = new VirtualClock();
    const broker = new MemoryBroker({ clock });
    broker.createTopic('in', 1);
    let tries = 0;
    const driver = memory({ broker });
    const app = createApp({
      groupId: 'g',
      clock,
      driver: {
        ...driver,
        connect(context) {
          if (++tries < 4) return Promise.reject(new KafkaRxError('UNREACHABLE', 'no broker answered'));
          return driver.connect(context);
        },
      },
    });
    const delays: number[] = [];
    app.events$.subscribe(event => {
      if (event.type === 'driver' && event.event.type === 'retrying') delays.push(event.event.delayMs);
    });
    app.topic('in', { value: string }).subscribe(app.each(() => {}));
    const running = app.run();
    await clock.advanceAsync(5000);
    expect(delays).toEqual([250, 500, 1000]);
    expect(app.health().ready).toBe(true);
    const stopped = app.stop();
    await clock.advanceAsync(5000);
    await stopped;
    await running;
  });
});
