import { readFileSync } from 'node:fs';

test('the test in docs/testing.md is one that runs', () => {
  const spec = readFileSync('spec/docs/testing-example.spec.ts', 'utf8');
  const begin = '// docs:begin\n';
  const running = spec.slice(spec.indexOf(begin) + begin.length, spec.indexOf('// docs:end'));
  expect(running).toContain('testApp(');
  expect(readFileSync('docs/testing.md', 'utf8')).toContain(running);
});
