import { readFileSync } from 'node:fs';

const read = (path: string) => readFileSync(path, 'utf8');

/** The `type` of each member of a union, as it is written. */
function typesOf(path: string, union: string): string[] {
  const from = read(path).split(`export type ${union} =`)[1] ?? '';
  const body = from.split(/;\n\n/)[0] ?? '';
  return [...body.matchAll(/readonly type: '([a-z-]+)'/g)].map(([, type]) => type ?? '');
}

/** The first column of the tables below a heading. */
function rowsBelow(heading: string): string[] {
  const section = read('docs/options.md').split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const cells = [...section.matchAll(/^\| (`[^|]*) \|/gm)].map(([, cell]) => cell ?? '');
  return cells.flatMap(cell => [...cell.matchAll(/`([a-z-]+)`/g)].map(([, type]) => type ?? ''));
}

test('docs/options.md has a row for each type of event, and no other', () => {
  const own = [...typesOf('lib/app/lifecycle/events.ts', 'LifecycleEvent'), 'store-new'];
  const drivers = typesOf('lib/drivers/port.ts', 'DriverEvent');
  expect(own).toContain('resumed-at-store');
  expect(drivers).toContain('offset-reset');
  expect(rowsBelow('Events').sort()).toEqual([...own, ...drivers].sort());
});
