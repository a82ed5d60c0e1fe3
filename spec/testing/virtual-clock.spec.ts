import { createApp, string } from 'kafka-rx';
import { MemoryBroker, memory } from 'kafka-rx/memory';
import { delay, within } from '../../lib/base/clock.js';
import { VirtualClock } from '../../lib/testing/virtual-clock.js';

function recorded() {
  const clock = new VirtualClock();
  const ran: string[] = [];
  const note = (what: string) => () => void ran.push(`${what}@${clock.elapsed()}`);
  return { clock, ran, note };
}

describe('the virtual clock', () => {
  test('stands still until it is moved, and starts at a fixed date unless told', () => {
    const { clock, ran, note } = recorded();
    clock.schedule(note('a'), 0);
    clock.defer(note('b'));
    expect([clock.elapsed(), clock.now(), ran]).toEqual([0, Date.UTC(2024, 0, 1), []]);
    expect(new VirtualClock({ startAt: new Date(5) }).now()).toBe(5);
  });

  test('runs timers in the order in which they are due, those of one instant in the order of their making', () => {
    const { clock, ran, note } = recorded();
    for (const [what, at] of [
      ['c', 30],
      ['a', 10],
      ['d', 30],
      ['b', 20],
      ['e', 30],
    ] as const) {
      clock.schedule(note(what), at);
    }
    clock.advance(30);
    expect(ran).toEqual(['a@10', 'b@20', 'c@30', 'd@30', 'e@30']);
    expect(clock.now()).toBe(Date.UTC(2024, 0, 1) + 30);
  });

  test('a thousand timers in any order come out sorted', () => {
    const clock = new VirtualClock();
    const ran: number[] = [];
    const delays = Array.from({ length: 1000 }, (_, i) => (i * 7919) % 1009);
    for (const delay of delays) clock.schedule(() => ran.push(delay), delay);
    clock.advance(2000);
    expect(ran).toEqual([...delays].sort((a, b) => a - b));
  });

  test('runs what is due and no more', () => {
    const { clock, ran, note } = recorded();
    clock.schedule(note('at 10'), 10);
    clock.schedule(note('at 11'), 11);
    clock.advance(10);
    expect(ran).toEqual(['at 10@10']);
    expect([clock.pending, clock.nextInMs]).toEqual([1, 1]);
  });

  test('deferred tasks, and what they defer, all run at their instant and before the next timer', () => {
    const { clock, ran, note } = recorded();
    clock.schedule(() => {
      clock.defer(() => {
        note('first')();
        clock.defer(note('second'));
      });
    }, 10);
    clock.schedule(note('timer'), 10);
    clock.schedule(note('later'), 11);
    clock.advance(20);
    expect(ran).toEqual(['first@10', 'second@10', 'timer@10', 'later@11']);
  });

  test('a timer made by a task runs in the same advance, if it is due by then', () => {
    const { clock, ran, note } = recorded();
    clock.schedule(() => clock.schedule(note('chained'), 5), 5);
    clock.advance(10);
    expect(ran).toEqual(['chained@10']);
  });

  test('never calls a task inside defer or schedule', () => {
    const { clock, ran, note } = recorded();
    clock.defer(() => {
      clock.defer(note('inner'));
      clock.schedule(note('timer'), 0);
      note('outer')();
    });
    clock.flush();
    expect(ran).toEqual(['outer@0', 'inner@0', 'timer@0']);
  });

  test('a cancelled timer does not run and is not pending; cancelling twice or late does nothing', () => {
    const { clock, ran, note } = recorded();
    const a = clock.schedule(note('a'), 10);
    const b = clock.schedule(note('b'), 5);
    a.cancel();
    a.cancel();
    expect(clock.pending).toBe(1);
    clock.advance(20);
    b.cancel();
    expect(ran).toEqual(['b@5']);
    expect([clock.pending, clock.nextInMs]).toEqual([0, undefined]);
  });

  test('flush runs what is due now and moves nothing', () => {
    const { clock, ran, note } = recorded();
    clock.schedule(note('now'), 0);
    clock.schedule(note('later'), 1);
    clock.defer(note('deferred'));
    clock.flush();
    expect(ran).toEqual(['deferred@0', 'now@0']);
    expect(clock.elapsed()).toBe(0);
  });

  test('throws instead of running for ever at one instant', () => {
    const clock = new VirtualClock({ maxTasks: 100 });
    const again = () => clock.defer(again);
    again();
    expect(() => clock.flush()).toThrow('100 tasks without time passing');
    const ticking = new VirtualClock({ maxTasks: 100 });
    let ticks = 0;
    const tick = () => ticking.schedule(tick, ++ticks > 500 ? 1e9 : 1);
    tick();
    expect(() => ticking.advance(1000)).not.toThrow();
  });

  test('refuses to be moved by one of its own tasks', () => {
    const clock = new VirtualClock();
    clock.defer(() => clock.flush());
    expect(() => clock.flush()).toThrow('while it is being moved');
  });

  test('goes on behind a task that threw, in order', () => {
    const { clock, ran, note } = recorded();
    clock.defer(() => {
      clock.defer(note('deferred by it'));
      throw new Error('task');
    });
    clock.defer(note('behind it'));
    clock.schedule(note('timer'), 5);
    expect(() => clock.advance(10)).toThrow('task');
    clock.advance(10);
    expect(ran).toEqual(['behind it@0', 'deferred by it@0', 'timer@5']);
  });
});

describe('moved step by step', () => {
  test('lets what a task resolved happen before the next one: two delays of 10 ms end at 20', async () => {
    const clock = new VirtualClock();
    const seen: number[] = [];
    const twice = async () => {
      for (const _ of [1, 2]) {
        await delay(clock, 10);
        // However long the chain of promises is.
        for (let i = 0; i < 100; i++) await undefined;
        seen.push(clock.elapsed());
      }
    };
    void twice();
    await clock.advanceAsync(100);
    expect([seen, clock.elapsed()]).toEqual([[10, 20], 100]);
  });

  test('what is done within its bound is not late, and what is not is', async () => {
    const clock = new VirtualClock();
    const outcomes = Promise.all([
      within(clock, delay(clock, 10), 50),
      within(clock, delay(clock, 50), 10),
      within(
        clock,
        delay(clock, 20).then(() => delay(clock, 20)),
        50,
      ),
    ]);
    await clock.advanceAsync(100);
    expect(await outcomes).toEqual([undefined, 'late', undefined]);
  });

  test('settles between deferred tasks too, and between timers of one instant', async () => {
    const { clock, ran, note } = recorded();
    for (const name of ['a', 'b']) {
      clock.defer(() => void Promise.resolve().then(note(`after deferred ${name}`)));
      clock.defer(note(`deferred behind ${name}`));
      clock.schedule(() => void Promise.resolve().then(note(`after timer ${name}`)), 5);
    }
    await clock.advanceAsync(5);
    expect(ran).toEqual([
      'after deferred a@0',
      'deferred behind a@0',
      'after deferred b@0',
      'deferred behind b@0',
      'after timer a@5',
      'after timer b@5',
    ]);
  });

  test('runs the same tasks at the same times as moved in one go, where nothing awaits', async () => {
    const program = () => {
      const recording = recorded();
      const { clock, note } = recording;
      for (const ms of [3, 1, 2, 2]) {
        clock.schedule(() => {
          clock.defer(note(`deferred by ${ms}`));
          clock.schedule(note(`scheduled by ${ms}`), ms);
          note(`timer ${ms}`)();
        }, ms);
      }
      return recording;
    };
    const [inOneGo, byStep] = [program(), program()];
    inOneGo.clock.advance(10);
    await byStep.clock.advanceAsync(10);
    expect(byStep.ran).toEqual(inOneGo.ran);
    expect(byStep.ran).toHaveLength(12);
  });

  test('a task that throws rejects the call, and the next call goes on behind it', async () => {
    const { clock, ran, note } = recorded();
    clock.schedule(() => {
      throw new Error('task');
    }, 1);
    clock.schedule(note('next'), 1);
    await expect(clock.advanceAsync(5)).rejects.toThrow('task');
    await clock.advanceAsync(5);
    expect(ran).toEqual(['next@1']);
  });

  test('refuses to be moved by anybody else meanwhile', async () => {
    const clock = new VirtualClock();
    const moving = clock.advanceAsync(5);
    expect(() => clock.flush()).toThrow('while it is being moved');
    await expect(clock.advanceAsync(1)).rejects.toMatchObject({ code: 'CONFIGURATION' });
    await moving;
    expect(clock.elapsed()).toBe(5);
  });

  test('a task that defers itself for ever is found out', async () => {
    const clock = new VirtualClock({ maxTasks: 100 });
    const again = (): void => clock.defer(again);
    again();
    await expect(clock.advanceAsync(1)).rejects.toMatchObject({ code: 'DEADLINE' });
  });
});

test('an app that runs on it is not advanced in one go, since it awaits promises; before and afterwards it may be', async () => {
  const clock = new VirtualClock();
  const broker = new MemoryBroker({ clock });
  broker.createTopic('in', 1);
  const app = createApp({ groupId: 'g', driver: memory({ broker }), clock });
  app.topic('in', { value: string }).subscribe(app.each(() => {}));
  clock.advance(1);
  const running = app.run();
  expect(() => clock.advance(1)).toThrow("advanced in one go under the app 'g'");
  await clock.advanceAsync(1000);
  // Time stands still.
  clock.flush();
  const stopped = app.stop();
  await clock.advanceAsync(60_000);
  await Promise.all([running, stopped]);
  clock.advance(1);
  expect(clock.elapsed()).toBe(61_002);
});
