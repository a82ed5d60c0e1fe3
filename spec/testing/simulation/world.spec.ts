import { delay, within } from '../../../lib/base/clock.js';
import { DrawnChoices, NotedChoices } from '../../../lib/testing/simulation/choices.js';
import { type Actor, World } from '../../../lib/testing/simulation/world.js';

const plain = () => new World(new NotedChoices({}));
const limits = { done: () => false, untilMs: 100_000, maxSteps: 10_000 };

test('a delay that follows a delay ends when both are over', async () => {
  const world = plain();
  const clock = world.clockOf({ name: 'a', state: 'running' });
  let endedAt = -1;
  void delay(clock, 10)
    .then(() => delay(clock, 10))
    .then(() => {
      endedAt = clock.elapsed();
    });
  await world.run(limits);
  expect(endedAt).toBe(20);
});

test('what settles in time is not late', async () => {
  const world = plain();
  const clock = world.clockOf({ name: 'a', state: 'running' });
  const settled = within(
    clock,
    delay(clock, 10).then(() => 'in time'),
    50,
  );
  await world.run(limits);
  expect(await settled).toBe('in time');
});

test('a channel keeps its order, and channels overtake each other', async () => {
  const orders = new Set<string>();
  for (let seed = 1; seed <= 50; seed++) {
    const world = new World(new DrawnChoices(seed));
    const actor: Actor = { name: 'a', state: 'running' };
    const seen: string[] = [];
    for (const name of ['x1', 'x2', 'x3']) world.enqueue(actor, 'x', () => seen.push(name));
    for (const name of ['y1', 'y2']) world.enqueue(actor, 'y', () => seen.push(name));
    await world.run(limits);
    expect(seen.filter(name => name.startsWith('x'))).toEqual(['x1', 'x2', 'x3']);
    orders.add(seen.join(' '));
  }
  expect(orders.size).toBe(10);
});

test('what is stopped does nothing until it is let go on, and then all that is due', async () => {
  const world = plain();
  const [one, other]: Actor[] = [
    { name: 'one', state: 'running' },
    { name: 'other', state: 'running' },
  ];
  if (one === undefined || other === undefined) throw new Error('two actors');
  const seen: string[] = [];
  world.clockOf(one).schedule(() => seen.push(`one at ${world.timeMs}`), 10);
  world.clockOf(one).schedule(() => seen.push(`one again at ${world.timeMs}`), 20);
  world.clockOf(other).schedule(() => {
    one.state = 'running';
  }, 50);
  one.state = 'stopped';
  await world.run(limits);
  expect(seen).toEqual(['one at 50', 'one again at 50']);
});

test('what is dead does nothing any more, and takes nothing more', async () => {
  const world = plain();
  const actor: Actor = { name: 'a', state: 'running' };
  const seen: string[] = [];
  world.enqueue(actor, 'x', () => seen.push('queued'));
  world.clockOf(actor).schedule(() => seen.push('timer'), 10);
  actor.state = 'dead';
  world.forget(actor);
  world.enqueue(actor, 'x', () => seen.push('after'));
  world.clockOf(actor).defer(() => seen.push('deferred after'));
  expect(await world.run(limits)).toBe('idle');
  expect(seen).toEqual([]);
});

test('the next step waits for work outside of virtual time', async () => {
  const world = plain();
  const actor: Actor = { name: 'a', state: 'running' };
  const seen: string[] = [];
  world.enqueue(actor, 'x', () => {
    void world.external(new Promise(resolve => setTimeout(resolve, 20))).then(() => seen.push('written'));
  });
  world.enqueue(actor, 'x', () => seen.push('next'));
  await world.run(limits);
  expect(seen).toEqual(['written', 'next']);
});

test('time moves only when nothing is ready, and a run that goes on for ever ends as long', async () => {
  const world = plain();
  const clock = world.clockOf({ name: 'a', state: 'running' });
  const again = (): void => clock.defer(again);
  again();
  expect(await world.run({ ...limits, maxSteps: 100 })).toBe('long');
  expect(world.timeMs).toBe(0);
});
