import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bugNames } from '../chaos/messages.js';
import { repository } from '../commands/command.js';
import { huntBug } from './bug-hunt.js';
import { replaced } from './bugs/seeded-bug.js';
import { notSimulated, seededBugs } from './bugs/seeded-bugs.js';

test.each(seededBugs.map(bug => [bug.name, bug] as const))(
  '%s can be put into the sources of today',
  async (_name, bug) => {
    const texts = new Map<string, string>();
    for (const replacement of bug.replacements) {
      const { file } = replacement;
      const text = texts.get(file) ?? (await readFile(join(repository, file), 'utf8'));
      texts.set(file, replaced(text, replacement));
    }
    expect(texts.size).toBeGreaterThan(0);
    // The engine would refuse the whole file, and nothing be hunted.
    expect([...texts.values()].flatMap(unknownPrivateNames)).toEqual([]);
  },
);

/** Private names that are used and that no class of the file has. */
function unknownPrivateNames(text: string): readonly string[] {
  const used = new Set([...text.matchAll(/\.(#\w+)/g)].flatMap(([, name]) => name ?? []));
  const declared = new Set(text.replaceAll(/\.#\w+/g, '').match(/#\w+/g) ?? []);
  return [...used].filter(name => !declared.has(name));
}

test('every seeded bug of the chaos test is here, or it is said why not', () => {
  const here = [...seededBugs.map(({ name }) => name), ...Object.keys(notSimulated)];
  expect(bugNames.filter(name => !here.includes(name))).toEqual([]);
  expect(new Set(here).size).toBe(here.length);
});

test('a replacement must fit exactly once', () => {
  const replacement = { file: 'a.ts', find: 'one', replace: 'two' };
  expect(replaced('one and', replacement)).toBe('two and');
  expect(() => replaced('one and one', replacement)).toThrow("a.ts: 'one' stands there 2 times, not once");
  expect(() => replaced('none', { ...replacement, find: 'two' })).toThrow("a.ts: 'two' stands there 0 times");
});

test.each(['commit-before-ack', 'restore-ends-early'])(
  'a seeded bug is found: %s',
  async name => {
    const bug = seededBugs.find(one => one.name === name);
    if (bug === undefined) throw new Error('there is no such bug');
    const { seeds, failure, message } = await huntBug(bug, [1], 50);
    expect([failure, message]).toEqual([undefined, expect.stringMatching(bug.shows)]);
    expect(seeds[0]).toBeLessThanOrEqual(50);
  },
  120_000,
);

describe('a bug that is broken itself is not found but told', () => {
  const file = 'lib/flow/commit/watermark.ts';
  const broken = [
    [
      'does not compile',
      '  get offset(): number {',
      '  get offset(: number {',
      /ended with code 1: .*Transform failed/,
    ],
    [
      'throws at once',
      '  get offset(): number {',
      '  get offset(): number {\n    nothing();',
      /showed something else: .*nothing is not defined/,
    ],
  ] as const;

  test.each(broken)(
    'because it %s',
    async (_how, find, replace, told) => {
      const bug = { name: 'broken', replacements: [{ file, find, replace }], shows: /below the committed/ };
      const { seeds, failure } = await huntBug(bug, [1], 20);
      expect(failure).toMatch(told);
      expect(seeds).toEqual([]);
    },
    120_000,
  );
});

test('what is not there is not found', async () => {
  const { seeds, failure } = await huntBug({ name: 'none', replacements: [], shows: /./ }, [1, 11], 3);
  expect([seeds, failure]).toEqual([[undefined, undefined], undefined]);
}, 120_000);
