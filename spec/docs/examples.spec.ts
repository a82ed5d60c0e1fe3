import { join } from 'node:path';
import { compileExamples } from './compile-examples.js';
import { commentExamplesIn, examplesOf, fencesIn } from './examples.js';

const repository = join(__dirname, '..', '..');

/** TypeScript reads the whole library for it. */
const compileTimeoutMs = 120_000;

describe('the examples of README.md, docs, and doc comments', () => {
  test(
    'compile',
    async () => {
      const examples = await examplesOf(repository);
      expect(new Set(examples.map(example => example.file)).size).toBeGreaterThan(5);
      const findings = compileExamples(repository, examples);
      expect([...findings.values()].flat()).toEqual([]);
    },
    compileTimeoutMs,
  );

  test(
    'that do not compile are told by their line',
    () => {
      const markdown = [
        '```ts',
        "import { json } from 'kafka-rx';",
        'json(1);',
        '```',
        '',
        '```ts continued',
        'json(2);',
        '```',
        'text',
        '```ts',
        'const app = groupId.length;',
        'app.topic();',
        '```',
      ].join('\n');
      const findings = compileExamples(repository, fencesIn('README.md', markdown));
      const lines = [...findings].map(([name, found]) => [name, found.map(one => one.split(' ')[0])]);
      expect(lines).toEqual([
        ['README.md:2', ['README.md:3:']],
        ['README.md:7', ['README.md:3:', 'README.md:7:']],
        ['README.md:11', ['README.md:12:']],
      ]);
    },
    compileTimeoutMs,
  );
});

test('an example of a doc comment is found with and without a fence', () => {
  const source = [
    '/** One.',
    ' * ```ts',
    ' * Drawn<Type>',
    ' * ```',
    ' */',
    'export const a = 1;',
    '  /**',
    '   * Two.',
    '   *',
    '   * @example',
    '   * const b = 2;',
    '   *',
    '   * const c = 3;',
    '   *',
    '   * @category Things',
    '   */',
    '/**',
    ' * @example',
    ' * ```ts',
    ' * const d = 4;',
    ' * ```',
    ' */',
    '/**',
    ' * @example',
    ' * const e = 5;',
    ' * @since 0.1.0',
    ' */',
  ].join('\n');
  expect(commentExamplesIn('lib/a.ts', source).map(({ name, code }) => [name, code])).toEqual([
    ['lib/a.ts:11', 'const b = 2;\n\nconst c = 3;\n'],
    ['lib/a.ts:20', 'const d = 4;'],
    ['lib/a.ts:25', 'const e = 5;'],
  ]);
});

test('a fence of another language is no example', () => {
  expect(fencesIn('docs/a.md', '```sh\nnpm ci\n```\n```\n--a--|\n```\n')).toEqual([]);
});
