import { faultKinds } from '../../lib/testing/simulation/profile.js';
import { manySeeds } from './many-seeds.js';
import { partsOf, runSeed } from './seeds.js';

test('two hundred seeds hold every invariant, and each is one run', async () => {
  const { ran, failed, marks } = await manySeeds(
    {
      from: 1,
      seeds: 200,
      minutes: undefined,
      kinds: faultKinds,
      processes: 2,
      keepGoing: true,
      json: false,
    },
    () => {},
  );
  expect(
    failed.map(({ seed, violation }) => `${seed}: ${violation?.invariant}: ${violation?.message}`),
  ).toEqual([]);
  expect(ran).toBe(200);
  // What rarely happens did happen: otherwise nothing was tried.
  for (const mark of [
    'crash',
    'stopped beyond the session',
    'topic recreated',
    'partitions added',
    'lost answer: commit',
  ]) {
    expect([mark, (marks.get(mark) ?? 0) > 0]).toEqual([mark, true]);
  }
}, 240_000);

test('a seed is a workload, a profile and a run of its own', async () => {
  const [one, other] = [partsOf(1), partsOf(2)];
  expect(one.workload).not.toEqual(other.workload);
  expect(one.profile).not.toEqual(other.profile);
  const [first, second] = [await runSeed(1), await runSeed(2)];
  expect(first.outcome.hash).not.toBe(second.outcome.hash);
});
