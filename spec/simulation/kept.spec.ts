import { keptRuns, lineToKeep, runKept } from './kept.js';
import { partsOf } from './seeds.js';

test('no run that showed a fault shows it again', async () => {
  const broken: string[] = [];
  const runs = await keptRuns();
  for (const run of runs) {
    const { violation } = await runKept(run);
    if (violation !== undefined)
      broken.push(`seed ${run.seed}: ${violation.invariant}: ${violation.message}`);
  }
  expect(broken).toEqual([]);
  expect(runs.length).toBeGreaterThan(0);
}, 120_000);

test('a line that is kept is the whole run', async () => {
  const { workload, profile, parts } = partsOf(4);
  const line = lineToKeep(
    { seed: 4, workload, profile },
    { inputs: parts.inputs, chosen: { crash: [0, 0, 1] } },
    'x',
  );
  expect(line).not.toContain('\n');
  const kept = JSON.parse(line);
  expect(kept).toEqual({ showed: 'x', seed: 4, workload, profile, chosen: { crash: [0, 0, 1] } });
  const [first, second] = [await runKept(kept), await runKept(kept)];
  expect(first.hash).toBe(second.hash);
});
