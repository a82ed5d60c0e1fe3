import { memoryStore, string } from '../../../lib/index.js';
import { NotedChoices } from '../../../lib/testing/simulation/choices.js';
import { drawProfile } from '../../../lib/testing/simulation/profile.js';
import { Random } from '../../../lib/testing/simulation/random.js';
import { simulateOnce } from '../../../lib/testing/simulation/simulation.js';

test('an app that is told to end does so without an error, and leaves a store that others have open to them', async () => {
  const plain = drawProfile(new Random(1, 'terminate'), new Set());
  const { violation, marks } = await simulateOnce({
    topology: (app, process) => {
      const store = process.store('history', () => memoryStore<string>('history'), { shared: true });
      app.topic('in', { value: string }).subscribe(app.store(store));
    },
    options: {},
    inputs: Array.from({ length: 20 }, (_, i) => ({
      topic: 'in',
      value: `${i}`,
      partition: i % 2,
      atMs: 1000 + 200 * i,
    })),
    topics: { in: 2 },
    processes: 2,
    profile: { ...plain, leastUpMs: 2_000, leastDownMs: 10_000, rates: { ...plain.rates, terminate: 1 } },
    choices: new NotedChoices({ terminate: [1] }),
    invariants: {},
    maxSteps: 10_000,
  });
  expect(violation).toBeUndefined();
  expect([...marks].filter(([mark]) => mark.startsWith('an app ended'))).toEqual([
    ['an app ended: stopped', 1],
  ]);
});
