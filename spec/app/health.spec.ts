import { type App, KafkaRxError, string } from 'kafka-rx';
import { merge } from 'rxjs';
import { held, Members } from './members.js';

const value = string;
const copy = (app: App): void => {
  app.topic('in', { value }).subscribe(app.to('out', { value }));
};

describe('health', () => {
  test('is ready from the first assignment until the stop, live until a failure, and says why not', async () => {
    const members = new Members({ in: 1, out: 1 });
    const seen: unknown[] = [];
    const member = members.start(app => {
      seen.push(app.health());
      copy(app);
    });
    seen.push(member.app.health());
    await members.settle();
    seen.push(member.app.health());
    members.broker.faults.delayAcknowledgements(100);
    members.publish('in', 'a');
    await members.settle();
    void member.app.stop();
    await members.settle();
    seen.push(member.app.health());
    await members.pass(200);
    seen.push(member.app.health());
    expect(seen).toEqual([
      { state: 'wiring', ready: false, live: true, reasons: ['the app is wiring'] },
      { state: 'starting', ready: false, live: true, reasons: ['the app is starting'] },
      { state: 'running', ready: true, live: true, reasons: [] },
      { state: 'stopping', ready: false, live: true, reasons: ['the app is stopping'] },
      { state: 'stopped', ready: false, live: true, reasons: ['the app is stopped'] },
    ]);
  });

  test('of a failed app gives the first error as the reason', async () => {
    const members = new Members({ in: 1, out: 1 });
    const member = members.start(copy);
    await members.settle();
    members.broker.faults.failConsumer(members.memberIds()[0] ?? '', new KafkaRxError('DRIVER', 'gave up'));
    await members.settle();
    expect(member.app.health()).toEqual({
      state: 'failed',
      ready: false,
      live: false,
      reasons: ['gave up', 'the app is failed'],
    });
  });

  test('is not ready, but live, while the broker is out of reach', async () => {
    const members = new Members({ in: 1, out: 1 });
    const member = members.start(copy);
    await members.settle();
    members.broker.faults.down();
    await members.settle();
    expect(member.app.health()).toEqual({
      state: 'running',
      ready: false,
      live: true,
      reasons: ['the driver has lost its connection'],
    });
    members.broker.faults.up();
    await members.settle();
    expect(member.app.health().ready).toBe(true);
  });

  test('is not ready during a rebalance and after a loss, until the group has assigned anew', async () => {
    const members = new Members({ in: 1 });
    const work = held();
    const member = members.start(app => app.topic('in', { value }).subscribe(app.each(() => work.promise)));
    members.publish('in', 'a');
    await members.settle();
    members.broker.faults.rebalance('group');
    await members.settle();
    expect(member.app.health()).toMatchObject({
      ready: false,
      live: true,
      reasons: ['the group has not assigned its partitions yet'],
    });
    work.resolve();
    await members.pass(100);
    expect(member.app.health().ready).toBe(true);
  });

  test('a member without partitions is ready too', async () => {
    const members = new Members({ in: 1, out: 1 });
    const both = [members.start(copy), members.start(copy)];
    await members.pass(1000);
    expect(both.map(({ app }) => app.health().ready)).toEqual([true, true]);
  });
});

describe('health says what waits', () => {
  const mayEnd = true;

  test('a partition that is not read, because one of its views is heard no more, and that is told', async () => {
    const members = new Members({ in: 1, out: 1 });
    let leave = (): void => {};
    const member = members.start(app => {
      app.topic('in', { value }).subscribe(app.to('out', { value }));
      const second = app.topic('in', { value }).subscribe(app.each(() => {}, { mayEnd, name: 'second' }));
      leave = () => second.unsubscribe();
    });
    members.publish('in', 'a');
    await members.pass(100);
    leave();
    members.publish('in', 'b');
    await members.pass(100);
    const reason = expect.stringMatching(/'in #2'.*not read/);
    expect(member.app.health()).toMatchObject({ ready: false, live: true, reasons: [reason] });
    expect(member.events).toContainEqual({ type: 'waiting', reason });
    expect([members.values('out'), members.committed('in')]).toEqual([['a'], [1]]);
    void member.app.stop();
    await members.settle();
    expect(member.outcome).toBe('done');
  });

  test('and no longer, once it is heard again', async () => {
    const members = new Members({ in: 1, out: 1 });
    let turn = (): void => {};
    const member = members.start(app => {
      const source = app.topic('in', { value });
      const [first, second] = [app.to('out', { value, mayEnd }), app.to('out', { value, mayEnd })];
      const subscription = source.subscribe(first);
      turn = () => {
        subscription.unsubscribe();
        source.subscribe(second);
      };
    });
    await members.settle();
    turn();
    members.publish('in', 'a');
    await members.settle();
    expect(member.app.health()).toMatchObject({ ready: true, reasons: [] });
    expect(member.events.filter(({ type }) => type === 'waiting' || type === 'waited')).toHaveLength(2);
    expect(members.values('out')).toEqual(['a']);
  });

  test.each([
    ['the bound of all', { maxUnsettled: 1 }, /maxUnsettled \(1\)/],
    ['the bound of their bytes', { maxUnsettledBytes: 1 }, /maxUnsettledBytes \(1\)/],
    ['the span of a partition', { maxSpan: 1 }, /partition 0 of 'in'.*maxSpan \(1\).*offset 0/],
  ])('%s, while it is ready', async (_what, bounds, reason) => {
    const members = new Members({ in: 1 });
    const work = held();
    const member = members.start(app => app.topic('in', { value }).subscribe(app.each(() => work.promise)), {
      bounds,
    });
    members.publish('in', 'a', 'b', 'c');
    await members.settle();
    expect(member.app.health()).toMatchObject({ ready: true, reasons: [expect.stringMatching(reason)] });
    work.resolve();
    await members.settle();
    expect(member.app.health()).toMatchObject({ ready: true, reasons: [] });
  });

  test('the bound of what is on its way to the brokers', async () => {
    const members = new Members({ in: 1, out: 1 });
    const member = members.start(copy, { bounds: { maxBufferedBytes: 1 } });
    await members.settle();
    members.broker.faults.delayAcknowledgements(1000);
    members.publish('in', 'a', 'b', 'c');
    await members.settle();
    expect(member.app.health().reasons).toEqual([expect.stringMatching(/maxBufferedBytes/)]);
  });

  test('a record that has not settled for a tenth of stallTimeoutMs, by its offset', async () => {
    const members = new Members({ in: 1 });
    const work = held();
    const member = members.start(app => app.topic('in', { value }).subscribe(app.each(() => work.promise)), {
      stallTimeoutMs: 100_000,
    });
    members.publish('in', 'a');
    await members.pass(9_000);
    expect(member.app.health().reasons).toEqual([]);
    await members.pass(2_000);
    expect(member.app.health()).toMatchObject({
      ready: true,
      reasons: [expect.stringMatching(/partition 0 of 'in'.*offset 0.*not settled/)],
    });
  });

  test('a commit that is not confirmed, until one is', async () => {
    const members = new Members({ in: 1, out: 1 });
    const member = members.start(copy);
    await members.settle();
    members.broker.faults.refuseCommits(1, new KafkaRxError('DRIVER', 'no coordinator'));
    members.publish('in', 'a');
    await members.settle();
    expect(member.app.health()).toMatchObject({
      ready: true,
      reasons: [expect.stringMatching(/commit.*no coordinator/)],
    });
    members.publish('in', 'b');
    await members.pass(1000);
    expect(member.app.health().reasons).toEqual([]);
  });

  test('a source of which no record has come to a sink, as far as can be seen', async () => {
    const members = new Members({ in: 1, other: 1, out: 1 });
    const member = members.start(app => {
      merge(app.topic('in', { value }), app.topic('other', { value })).subscribe(() => {});
    });
    await members.settle();
    expect(member.app.health().reasons).toEqual([]);
    members.publish('in', 'a');
    await members.settle();
    expect(member.app.health()).toMatchObject({
      ready: true,
      reasons: [expect.stringMatching(/no record of 'in' has come to a sink/)],
    });
  });
});

describe('events$', () => {
  test('tells the life of an app in order, and completes with it', async () => {
    const members = new Members({ in: 1, out: 1 });
    let completed = false;
    const member = members.start(app => {
      copy(app);
      app.events$.subscribe({ complete: () => (completed = true) });
    });
    await members.settle();
    members.publish('in', 'a');
    await members.pass(100);
    members.broker.faults.rebalance('group');
    await members.settle();
    void member.app.stop();
    await members.settle();
    const one = [{ topic: 'in', partition: 0, epoch: 1 }];
    const two = [{ topic: 'in', partition: 0, epoch: 2 }];
    expect(member.events.filter(({ type }) => type !== 'driver')).toMatchObject([
      { type: 'state', state: 'starting' },
      { type: 'subscribed', topics: ['in'] },
      { type: 'assigned', partitions: one },
      { type: 'state', state: 'running' },
      {
        type: 'commit',
        result: { trigger: 'every', error: undefined, offsets: [{ topic: 'in', offset: 1 }] },
      },
      { type: 'revoking', partitions: one },
      { type: 'revoked', partitions: one, pending: 0 },
      { type: 'assigned', partitions: two },
      { type: 'state', state: 'stopping' },
      { type: 'drained', pending: 0 },
      { type: 'state', state: 'stopped' },
    ]);
    expect(member.events.filter(({ type }) => type === 'driver')[0]).toEqual({
      type: 'driver',
      event: { type: 'connected' },
    });
    expect(completed).toBe(true);
  });

  test('of a failure tells the error once, then the drain, then the state', async () => {
    const members = new Members({ in: 1 });
    const member = members.start(app =>
      app.topic('in', { value }).subscribe(
        app.each(() => {
          throw new Error('no');
        }),
      ),
    );
    members.publish('in', 'a', 'b');
    await members.settle();
    expect(member.events.map(({ type }) => type).slice(-3)).toEqual(['failed', 'drained', 'state']);
    expect(member.events.at(-1)).toEqual({ type: 'state', state: 'failed' });
  });

  test('what a subscriber throws does not harm the app', async () => {
    const members = new Members({ in: 1, out: 1 });
    const { config } = await import('rxjs');
    const thrown: unknown[] = [];
    config.onUnhandledError = error => thrown.push(error);
    const member = members.start(app => {
      copy(app);
      app.events$.subscribe(() => {
        throw new Error('careless');
      });
    });
    members.publish('in', 'a');
    await members.settle();
    await new Promise(resolve => setTimeout(resolve, 5));
    config.onUnhandledError = null;
    expect(member.outcome).toBe('running');
    expect(members.values('out')).toEqual(['a']);
    expect(thrown.length).toBeGreaterThan(0);
  });
});
