import { everyOrder } from '../../../lib/testing/simulation/every-order.js';
import { type Actor, World } from '../../../lib/testing/simulation/world.js';

/** Runs a program of so many tasks on each channel, named `actor/channel`, in every order. */
async function ordersOf(tasks: Readonly<Record<string, number>>) {
  const seen: string[] = [];
  const found = await everyOrder(
    async choices => {
      const world = new World(choices);
      const actors = new Map<string, Actor>();
      const done: string[] = [];
      for (const [name, count] of Object.entries(tasks)) {
        const [of = '', channel = ''] = name.split('/');
        const actor = actors.get(of) ?? { name: of, state: 'running' as const };
        actors.set(of, actor);
        for (let i = 1; i <= count; i++) world.enqueue(actor, channel, () => done.push(`${channel}${i}`));
      }
      await world.run({ done: () => false, untilMs: 1, maxSteps: 100 });
      if (!choices.isRedundant) seen.push(done.join(' '));
    },
    () => true,
  );
  return { ...found, seen };
}

test('two channels of two steps have six orders, each tried once', async () => {
  const { orders, isWhole, seen } = await ordersOf({ 'p/a': 2, 'p/b': 2 });
  expect([orders, isWhole]).toEqual([6, true]);
  expect([...new Set(seen)].sort()).toEqual(
    ['a1 a2 b1 b2', 'a1 b1 a2 b2', 'a1 b1 b2 a2', 'b1 a1 a2 b2', 'b1 a1 b2 a2', 'b1 b2 a1 a2'].sort(),
  );
});

test('three channels of two steps have ninety', async () => {
  expect(await ordersOf({ 'p/a': 2, 'p/b': 2, 'p/c': 2 })).toMatchObject({ orders: 90, isWhole: true });
});

test('of orders that differ only in which of two actors came first, one is tried', async () => {
  expect(await ordersOf({ 'p/a': 2, 'q/b': 2 })).toMatchObject({ orders: 1, isWhole: true });
  expect(await ordersOf({ 'p/a': 1, 'p/b': 1, 'q/c': 2 })).toMatchObject({ orders: 2, isWhole: true });
  expect(await ordersOf({ 'p/a': 1, 'p/b': 1, 'q/c': 1, 'q/d': 1 })).toMatchObject({
    orders: 4,
    isWhole: true,
  });
});

test('what is stopped in time is not whole', async () => {
  let left = 3;
  const found = await everyOrder(
    async choices => void choices.pick('any', 10),
    () => left-- > 0,
  );
  expect(found).toEqual({ orders: 3, isWhole: false });
});
