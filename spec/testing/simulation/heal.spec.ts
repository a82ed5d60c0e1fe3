import { string } from '../../../lib/index.js';
import { NotedChoices } from '../../../lib/testing/simulation/choices.js';
import { drawProfile } from '../../../lib/testing/simulation/profile.js';
import { Random } from '../../../lib/testing/simulation/random.js';
import { simulateOnce } from '../../../lib/testing/simulation/simulation.js';

test('a topic that is away when the faults end is back from then on', async () => {
  const plain = drawProfile(new Random(1, 'heal'), new Set());
  const { violation, marks } = await simulateOnce({
    topology: app => app.topic('in', { value: string }).subscribe(app.to('out', { value: string })),
    options: {},
    inputs: [{ topic: 'in', value: 'a' }],
    topics: { in: 1, out: 1 },
    processes: 1,
    profile: { ...plain, leastDownMs: 1, rates: { ...plain.rates, 'topic-recreated': 1 } },
    choices: new NotedChoices({ 'topic-recreated': [1], 'gone ms': [4_999] }),
    invariants: {},
    // So few that the faults end while it is away.
    maxSteps: 200,
  });
  expect(violation).toBeUndefined();
  for (const mark of ['topic recreated', 'an app ended: MISSING_TOPIC'])
    expect([mark, (marks.get(mark) ?? 0) > 0]).toEqual([mark, true]);
});
