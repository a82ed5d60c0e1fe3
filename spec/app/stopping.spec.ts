import { type App, memoryStore, string } from 'kafka-rx';
import { batch, mapAsync } from 'kafka-rx/operators';
import { finalize, share } from 'rxjs';
import { held, Members } from './members.js';

const value = string;
const copy = (app: App): void => {
  app.topic('in', { value }).subscribe(app.to('out', { value }));
};

describe('stop', () => {
  test('drains what is under way, commits it while still a member, and resolves', async () => {
    const members = new Members({ in: 1, out: 1 });
    const member = members.start(copy, { commit: { every: 1e6, intervalMs: 1e6 } });
    await members.settle();
    members.broker.faults.delayAcknowledgements(500);
    members.publish('in', 'a', 'b', 'c');
    await members.settle();
    let stopped = false;
    void member.app.stop().then(() => {
      stopped = true;
    });
    await members.pass(400);
    expect([stopped, member.outcome, members.memberIds().length, members.committed('in')]).toEqual([
      false,
      'running',
      1,
      [-1],
    ]);
    await members.pass(200);
    expect([stopped, member.outcome, members.memberIds().length, members.committed('in')]).toEqual([
      true,
      'done',
      0,
      [3],
    ]);
    const commit = member.events.findIndex(({ type }) => type === 'commit');
    const drained = member.events.findIndex(({ type }) => type === 'drained');
    expect(commit).toBeGreaterThan(-1);
    expect(drained).toBeGreaterThan(commit);
    expect(member.events[drained]).toEqual({ type: 'drained', pending: 0 });
  });

  test("closes everything when a user's teardown throws, and says so without its words", async () => {
    const members = new Members({ in: 1, out: 1 });
    const store = memoryStore<string>('kept');
    const member = members.start(app => {
      const in$ = app.topic('in', { value });
      in$
        .pipe(
          finalize(() => {
            throw new Error('4111111111111111');
          }),
        )
        .subscribe(app.to('out', { value }));
      in$.subscribe(app.store(store));
    });
    await members.settle();
    members.publish('in', 'a');
    await members.settle();
    void member.app.stop();
    await members.pass(1000);
    expect(member.outcome).toMatchObject({ code: 'PROCESS', remedy: expect.stringContaining('finalize') });
    expect(String(member.outcome)).not.toContain('4111');
    expect([members.committed('in'), members.memberIds()]).toEqual([[1], []]);
    await expect(store.count()).rejects.toMatchObject({ code: 'CLOSED' });
  });

  test('takes in nothing more from then on', async () => {
    const members = new Members({ in: 1, out: 1 });
    const member = members.start(copy);
    await members.settle();
    members.broker.faults.delayAcknowledgements(500);
    members.publish('in', 'a');
    await members.settle();
    void member.app.stop();
    await members.settle();
    members.publish('in', 'b');
    await members.pass(1000);
    expect(member.outcome).toBe('done');
    expect(members.values('out')).toEqual(['a']);
    expect(members.committed('in')).toEqual([1]);
  });

  test('a rebalance in the midst of it starts nothing anew', async () => {
    const members = new Members({ in: 4, out: 1 });
    const member = members.start(copy);
    await members.settle();
    members.broker.faults.delayAcknowledgements(500);
    members.broker.publish('in', [{ value: 'a', partition: 0 }]);
    await members.settle();
    void member.app.stop();
    members.broker.faults.rebalance('group');
    await members.pass(20);
    members.broker.publish(
      'in',
      [0, 1, 2, 3].map(partition => ({ value: 'late', partition })),
    );
    await members.pass(5000);
    expect(member.outcome).toBe('done');
    expect(members.values('out')).toEqual(['a']);
    expect(members.committed('in')).toEqual([1, -1, -1, -1]);
  });

  test('makes gathered records move on, however long they might wait, through several that gather', async () => {
    const members = new Members({ in: 1, out: 1 });
    const join = (records: readonly { value: string }[]): string =>
      records.map(({ value }) => value).join('');
    const member = members.start(
      app =>
        app
          .topic('in', { value })
          .pipe(
            batch(join, { maxRecords: 1000, maxWaitMs: 1e9 }),
            mapAsync(async text => `${text}!`),
            batch(join, { maxRecords: 1000, maxWaitMs: 1e9 }),
          )
          .subscribe(app.to('out', { value })),
      { idleMs: 1e9 },
    );
    await members.settle();
    members.publish('in', 'a', 'b', 'c');
    await members.settle();
    void member.app.stop();
    await members.pass(200);
    expect(member.outcome).toBe('done');
    expect(members.values('out')).toEqual(['abc!']);
    expect(members.committed('in')).toEqual([3]);
  });

  test('resolves inside its deadline with a stuck sink, and leaves its records uncommitted', async () => {
    const members = new Members({ in: 1, out: 1 });
    const stuck = held();
    const member = members.start(app => {
      const records = app.topic('in', { value }).pipe(share());
      records.subscribe(app.to('out', { value }));
      records.subscribe(app.each(record => (record.value === 'b' ? stuck.promise : undefined)));
    });
    await members.settle();
    members.publish('in', 'a', 'b', 'c');
    await members.settle();
    void member.app.stop({ deadlineMs: 2000 });
    await members.pass(1990);
    expect(member.outcome).toBe('running');
    await members.pass(20);
    expect(member.outcome).toBe('done');
    expect(members.committed('in')).toEqual([1]);
    expect(member.events).toContainEqual({ type: 'drained', pending: 2 });
    stuck.resolve();
    await members.pass(1000);
    expect(members.committed('in')).toEqual([1]);
  });

  test('awaited by the work on a record, it waits for that work no longer than its deadline, and the record comes again', async () => {
    const members = new Members({ in: 1 });
    const told: string[] = [];
    const member = members.start(app =>
      app.topic('in', { value }).subscribe(
        app.each(async record => {
          if (record.value !== 'last') return;
          await app.stop({ deadlineMs: 2000 });
          told.push('stopped');
        }),
      ),
    );
    await members.settle();
    members.publish('in', 'a', 'last', 'c');
    await members.pass(1990);
    expect([member.outcome, told]).toEqual(['running', []]);
    await members.pass(100);
    expect([member.outcome, told]).toEqual(['done', ['stopped']]);
    expect(members.committed('in')).toEqual([1]);
  });

  test('of a failed app: work that had begun keeps its partitions until it ends, at most for stopDeadlineMs', async () => {
    const members = new Members({ in: 2 });
    const stuck = held();
    const member = members.start(
      app =>
        app.topic('in', { value }).subscribe(
          app.each(record => {
            if (record.value === 'poison') throw new Error('no');
            return stuck.promise;
          }),
        ),
      { stopDeadlineMs: 2000 },
    );
    await members.settle();
    members.broker.publish('in', [
      { value: 'slow', partition: 0 },
      { value: 'poison', partition: 1 },
    ]);
    await members.pass(1900);
    expect(members.memberIds()).toHaveLength(1);
    await members.pass(200);
    expect(members.memberIds()).toEqual([]);
    expect(member.outcome).toMatchObject({ code: 'PROCESS' });
  });

  test('a write that hangs for ever does not keep the process: closing has its bounds', async () => {
    const members = new Members({ in: 1 });
    const store = { ...memoryStore<string>('history'), close: () => new Promise<void>(() => {}) };
    store.holdWrites();
    const member = members.start(app => app.topic('in', { value }).subscribe(app.store(store)));
    await members.settle();
    members.publish('in', 'a');
    await members.settle();
    void member.app.stop({ deadlineMs: 1000 });
    await members.pass(15_000);
    expect(member.outcome).toBe('done');
    expect(members.committed('in')).toEqual([-1]);
  });

  test('before run: run starts, stops at once and consumes nothing to speak of', async () => {
    const members = new Members({ in: 1, out: 1 });
    const member = members.start(app => {
      copy(app);
      void app.stop();
    });
    await members.pass(100);
    expect(member.outcome).toBe('done');
    expect(member.app.health().state).toBe('stopped');
    expect(members.memberIds()).toEqual([]);
  });

  test('during the start: the start is abandoned, even when the group never answers', async () => {
    const members = new Members({ in: 1, out: 1 });
    // A member that never gives its partitions up keeps the group from assigning any.
    const other = members.start(app =>
      app.topic('in', { value }).subscribe(app.each(() => new Promise(() => {}))),
    );
    await members.settle();
    members.publish('in', 'a');
    await members.settle();
    const member = members.start(copy);
    await members.pass(100);
    expect(member.app.health()).toMatchObject({ state: 'starting', ready: false });
    void member.app.stop();
    await members.pass(100);
    expect(member.outcome).toBe('done');
    expect(members.values('out')).toEqual([]);
    void other.app.stop({ deadlineMs: 1 });
    await members.pass(100);
  });

  test('twice is as good as once, and after the end it resolves at once', async () => {
    const members = new Members({ in: 1, out: 1 });
    const member = members.start(copy);
    await members.settle();
    const resolved: number[] = [];
    for (const n of [1, 2]) void member.app.stop().then(() => resolved.push(n));
    await members.settle();
    void member.app.stop().then(() => resolved.push(3));
    await members.settle();
    expect(resolved).toEqual([1, 2, 3]);
    expect(member.events.filter(event => event.type === 'drained')).toHaveLength(1);
  });

  test('never rejects, even when the app has failed', async () => {
    const members = new Members({ in: 1, out: 1 });
    const member = members.start(app =>
      app.topic('in', { value }).subscribe(app.each(() => Promise.reject(new Error('no')))),
    );
    members.publish('in', 'a');
    await members.settle();
    expect(member.outcome).toMatchObject({ code: 'PROCESS' });
    await expect(member.app.stop()).resolves.toBeUndefined();
  });
});
