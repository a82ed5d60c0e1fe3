import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from '@swc/core';
import type { Aggregate } from '../../operators/state/index.js';
import * as state from '../../operators/state/index.js';
import { overValues } from '../operators/state/aggregates/fold.js';
import { fencesIn } from './examples.js';

const page = readFileSync(join(__dirname, '..', '..', 'docs', 'state.md'), 'utf8');

/** What an example of the page declares under a name, as it stands there. */
function declaredIn(code: string, name: string): unknown {
  const { code: script } = transformSync(`${code}\nexport { ${name} };`, {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'commonjs' },
  });
  const exported: Record<string, unknown> = {};
  new Function('exports', 'require', script)(exported, require);
  return exported[name];
}

test('the aggregates of docs/state.md do what the page says of them', () => {
  const codes = fencesIn('docs/state.md', page).map(({ code }) => code);
  const [sales = '', failedLogins = ''] = ['const sales', 'const failedLogins'].map(what =>
    codes.find(code => code.includes(what)),
  );

  const purchases = [
    { customerId: 'c1', item: 'shoes', price: 79.9 },
    { customerId: 'c2', item: 'shirt', price: 0.1 },
    { customerId: 'c1', item: 'socks', price: 0.2 },
  ];
  const all = declaredIn(sales, 'sales') as Aggregate<(typeof purchases)[number], unknown, unknown>;
  expect(overValues(all, ...purchases)).toEqual({
    purchases: 3,
    turnover: 80.2,
    customers: 2,
    dearest: purchases[0],
  });

  const streak = declaredIn(failedLogins, 'failedLogins') as Aggregate<{ ok: boolean }, unknown, number>;
  expect(overValues(streak, { ok: false }, { ok: true }, { ok: false }, { ok: false })).toBe(2);
});

test('every aggregate stands in the table of docs/state.md, and nothing else does', () => {
  const rows = [...page.matchAll(/^\| (`.*?) \|/gm)].map(([, cell = '']) => cell);
  const documented = new Set(rows.flatMap(cell => [...cell.matchAll(/`(\w+)\(/g)].map(([, name]) => name)));
  const others = [
    ...['windowed', 'sessionWindowed', 'calendar', 'tumbling', 'hopping', 'unlimited'],
    ...['session', 'sliding'],
    ...['aggregate', 'cogroup', 'count', 'reduce', 'repartition', 'suppress', 'withState'],
  ];
  expect([...documented].sort()).toEqual(
    Object.keys(state)
      .filter(name => !others.includes(name))
      .sort(),
  );
});

test('the first example of docs/state.md is the one that runs, and has 25 lines at most', () => {
  const example = readFileSync(join(__dirname, 'state-example.spec.ts'), 'utf8');
  const code = example.slice(example.indexOf('\n') + 1, example.indexOf('// docs:end'));
  expect(fencesIn('docs/state.md', page)[0]?.code.trimEnd()).toBe(code.trimEnd());
  expect(code.trimEnd().split('\n').length).toBeLessThanOrEqual(25);
});
