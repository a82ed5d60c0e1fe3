import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const repository = join(__dirname, '..', '..');

/** Of package.json's `files`, and what npm always packs; `dist` is built, and no text leads into it. */
const texts = ['README.md', ...readdirSync(join(repository, 'docs')).map(name => `docs/${name}`)];
const packed = new Set([...texts, 'LICENSE', 'package.json']);

/** The files that a text's links lead to, as seen from the root. */
function leadsTo(file: string, text: string): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link.replace(/#.*$/, ''))
    .filter(link => link !== '' && !/^[a-z]+:/.test(link))
    .map(link => normalize(join(dirname(file), link)));
}

test('links of what is packed lead to what is packed', () => {
  const lost = texts.flatMap(file =>
    leadsTo(file, readFileSync(join(repository, file), 'utf8'))
      .filter(target => !packed.has(target))
      .map(target => `${file} -> ${target}`),
  );
  expect(lost).toEqual([]);
});

test('examples of README.md and docs import packages alone', () => {
  const own = texts.flatMap(file =>
    [...readFileSync(join(repository, file), 'utf8').matchAll(/from '(\.[^']*)'/g)].map(
      ([, path]) => `${file}: ${path}`,
    ),
  );
  expect(own).toEqual([]);
});

test('a link is seen from where it stands, without its heading', () => {
  expect(leadsTo('docs/a.md', '[b](b.md#c) [d](../operators/d.ts) [e](https://e.org) [f](#f)')).toEqual([
    'docs/b.md',
    'operators/d.ts',
  ]);
});
