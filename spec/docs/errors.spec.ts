import { readFileSync } from 'node:fs';

test('every error code stands in docs/errors.md, and nothing else does', () => {
  const source = readFileSync('lib/errors/errors.ts', 'utf8');
  const union = source.slice(
    source.indexOf('export type ErrorCode'),
    source.indexOf(';', source.indexOf('export type ErrorCode')),
  );
  const codes = [...union.matchAll(/'([A-Z_]+)'/g)].map(([, code]) => code);
  const documented = [...readFileSync('docs/errors.md', 'utf8').matchAll(/^\| `([A-Z_]+)` \|/gm)].map(
    ([, code]) => code,
  );
  expect(codes.length).toBeGreaterThan(10);
  expect(documented.sort()).toEqual(codes.sort());
});
