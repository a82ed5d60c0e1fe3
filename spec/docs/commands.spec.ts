/** The command lines of the documentation are ones that the commands take. */
import { readdirSync, readFileSync } from 'node:fs';
import { isRight } from 'fp-ts/Either';
import { parseArguments as deadLetters } from '../../demos/dead-letters/arguments.js';
import { parseArguments as purchases } from '../../demos/purchases/arguments.js';
import { Purchase } from '../../demos/purchases/model.js';

const pages = ['README.md', ...readdirSync('docs').map(name => `docs/${name}`)];
const texts = pages.map(page => readFileSync(page, 'utf8'));
const scripts: object = JSON.parse(readFileSync('package.json', 'utf8')).scripts;
const demos = { purchases, 'dead-letters': deadLetters };

/** The lines of the fences marked `sh`, each joined to its continuations. */
const lines = texts.flatMap(text =>
  [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].flatMap(([, code = '']) =>
    code.replace(/\\\n\s*/g, '').split('\n'),
  ),
);

test('every script that a page runs is one of package.json', () => {
  const named = texts.flatMap(text =>
    [...text.matchAll(/npm run (?:-s )?([a-z][\w-]*)/g)].map(([, script]) => script),
  );
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter(script => !Object.hasOwn(scripts, script ?? ''))).toEqual([]);
});

test('the demos take every command line of theirs as it is printed', () => {
  let taken = 0;
  for (const line of lines) {
    const [, demo, words = ''] = /^npm run -s (purchases|dead-letters) -- ([^#]*)/.exec(line) ?? [];
    if (demo !== 'purchases' && demo !== 'dead-letters') continue;
    expect(() => demos[demo](words.trim().split(/ +/))).not.toThrow();
    taken++;
  }
  expect(taken).toBeGreaterThan(7);
});

test('what a command line reads was written by one before it, and is a purchase', () => {
  const written = new Map<string, string>();
  const stores = new Set<string | undefined>();
  for (const line of lines) {
    const [, content, file] = /^echo '([^']*)' > (\S+)$/.exec(line) ?? [];
    if (content !== undefined && file !== undefined) written.set(file, content);
    const input = / --input (\S+)/.exec(line)?.[1];
    const store = / --store (\S+)/.exec(line)?.[1];
    if (input !== undefined) {
      expect(isRight(Purchase.decode(JSON.parse(written.get(input) ?? 'null')))).toBe(true);
      stores.add(store);
    }
    const customer = / history .*--customer (\S+)/.exec(line)?.[1];
    if (customer === undefined) continue;
    expect([...stores]).toContain(store);
    expect([...written.values()].map(text => JSON.parse(text).customerId)).toContain(customer);
  }
  expect(written.size).toBe(1);
});
