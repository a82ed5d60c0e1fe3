import { readFileSync } from 'node:fs';

test.each(['testing-example', 'crash-example'])(
  'the test of %s in docs/testing.md is one that runs',
  name => {
    const spec = readFileSync(`spec/docs/${name}.spec.ts`, 'utf8');
    const begin = '// docs:begin\n';
    const running = spec.slice(spec.indexOf(begin) + begin.length, spec.indexOf('// docs:end'));
    expect(running).toContain('testApp(');
    expect(readFileSync('docs/testing.md', 'utf8')).toContain(running);
  },
);
