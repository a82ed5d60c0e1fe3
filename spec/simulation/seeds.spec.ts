import { faultKinds } from '../../lib/testing/simulation/profile.js';
import { manySeeds } from './many-seeds.js';
import { partsOf, runSeed } from './seeds.js';
import type { System } from './systems.js';

/** That so many seeds hold, and that what rarely happens did happen: otherwise nothing was tried. */
async function expectHeld(
  seeds: number,
  guarantee: 'at-least-once' | 'exactly-once',
  seen: readonly string[],
  system: System = 'purchases',
): Promise<void> {
  const { ran, failed, marks } = await manySeeds(
    {
      ...{ from: 1, seeds, minutes: undefined, kinds: faultKinds, guarantee, system },
      ...{ processes: 2, keepGoing: true, json: false },
    },
    () => {},
  );
  expect(
    failed.map(({ seed, violation }) => `${seed}: ${violation?.invariant}: ${violation?.message}`),
  ).toEqual([]);
  expect(ran).toBe(seeds);
  for (const mark of seen) expect([mark, (marks.get(mark) ?? 0) > 0]).toEqual([mark, true]);
}

test('two hundred seeds hold every invariant, and each is one run', async () => {
  await expectHeld(200, 'at-least-once', [
    'crash',
    'stopped beyond the session',
    'topic recreated',
    'partitions added',
    'lost answer: commit',
  ]);
}, 240_000);

test('twenty seeds under exactly once give each output once, and each is one run', async () => {
  await expectHeld(20, 'exactly-once', [
    'commit held',
    'lost answer: commit unit',
    'lost request: open unit',
  ]);
}, 120_000);

test.each(['at-least-once', 'exactly-once'] as const)(
  'twenty seeds of counts under %s are exact, and each is one run',
  async guarantee => {
    const seen = ['restore: given up', 'unit: failed with changes of a state in it', 'commit held'];
    await expectHeld(20, guarantee, seen, 'counts');
  },
  120_000,
);

test('the guarantee of a seed leaves what it is at least once as it was', () => {
  const [plain, units] = [partsOf(7), partsOf(7, undefined, 'exactly-once')];
  expect(units.profile).toEqual(plain.profile);
  expect(units.workload.inputs).toEqual(plain.workload.inputs);
  expect(plain.workload.shape.options.guarantee).toBeUndefined();
  expect(units.workload.shape.options.guarantee).toBe('exactly-once');
});

test('a seed is a workload, a profile and a run of its own', async () => {
  const [one, other] = [partsOf(1), partsOf(2)];
  expect(one.workload).not.toEqual(other.workload);
  expect(one.profile).not.toEqual(other.profile);
  const [first, second] = [await runSeed(1), await runSeed(2)];
  expect(first.outcome.hash).not.toBe(second.outcome.hash);
});
