import { DrawnChoices } from '../../lib/testing/simulation/choices.js';
import { crashAtPlaces } from '../../lib/testing/simulation/crash-places.js';
import { partsOf } from './seeds.js';

test('a process may die at every place of every call, and at the nearest two', async () => {
  const seed = 3;
  let runsLeft = 200;
  const { parts } = partsOf(seed, []);
  const found = await crashAtPlaces(parts, () => new DrawnChoices(seed), {
    pairs: true,
    goesOn: () => runsLeft-- > 0,
  });
  expect(found.broken.map(({ crashAt, outcome }) => [crashAt, outcome.violation])).toEqual([]);
  expect(found.runs).toBeGreaterThan(found.places);
  const calls = ['commit', 'connect', 'produce to purchases', 'start'];
  const kinds = [
    'before the effect',
    'with the request on its way',
    'after the effect',
    'in place of the answer',
  ];
  for (const kind of kinds)
    for (const call of calls) {
      const mark = `crash ${kind}: ${call}`;
      expect([mark, (found.crashes.get(mark) ?? 0) > 0]).toEqual([mark, true]);
    }
}, 120_000);
