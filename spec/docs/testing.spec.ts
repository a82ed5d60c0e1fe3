import { readFileSync } from 'node:fs';

test('the test in docs/testing.md is the one that runs, and has under 30 lines', () => {
  const spec = readFileSync('spec/demos/purchases/topology.spec.ts', 'utf8');
  const running = spec.slice(
    spec.indexOf('// docs:begin\n') + '// docs:begin\n'.length,
    spec.indexOf('// docs:end'),
  );
  expect(running).toContain('testApp(');
  expect(running.trim().split('\n').length).toBeLessThan(30);
  expect(readFileSync('docs/testing.md', 'utf8')).toContain(running);
});
