/** Every sentence of docs/exactly-once.md is shown by specs that there are; which these are stands in exactly-once-proofs.ts. */
import { existsSync, readFileSync } from 'node:fs';
import { proofs } from './exactly-once-proofs.js';

/** Those of paragraphs, list items and rows of tables, each in one line; without headings and code. */
function sentencesOf(page: string): string[] {
  const prose = page
    .replace(/^```[\s\S]*?^```$/gm, '')
    .replace(/^#.*$/gm, '')
    // The head of a table, and what is below it.
    .replace(/^\|.*\n\|[-| ]+\|$/gm, '');
  return prose
    .split(/\n{2,}|\n(?=- |\| )/)
    .map(block =>
      block
        .replace(/\s+/g, ' ')
        .replace(/^ ?(- |\| )?/, '')
        .replace(/ (\| ?)?$/, ''),
    )
    .filter(block => block !== '')
    .flatMap(block => block.split(/(?<=\.) (?=[A-Z`*])/));
}

const written = sentencesOf(readFileSync('docs/exactly-once.md', 'utf8'));

test('every sentence has its proofs, and what is shown stands there', () => {
  expect(written.length).toBeGreaterThan(30);
  const proven = proofs.map(({ sentence }) => sentence);
  expect({ withoutProof: written.filter(one => !proven.includes(one)) }).toEqual({ withoutProof: [] });
  expect({ notWritten: proven.filter(one => !written.includes(one)) }).toEqual({ notWritten: [] });
});

test('every proof is there, by its title', () => {
  const lost = proofs.flatMap(({ shown }) =>
    shown.flatMap(([spec, ...titles]) => {
      const [file] = [`spec/${spec}.spec.ts`, `spec/${spec}.ts`].filter(existsSync);
      const text = file === undefined ? '' : readFileSync(file, 'utf8');
      return titles.filter(title => !text.includes(`'${title}'`)).map(title => `${spec}: ${title}`);
    }),
  );
  expect(lost).toEqual([]);
  expect(proofs.filter(({ shown, notOurs }) => (shown.length === 0) === (notOurs === undefined))).toEqual([]);
});

test('sentences are those of paragraphs, lists and tables', () => {
  const page = [
    ...[
      '# A',
      '',
      'One. `Two` goes',
      'on: three.',
      '',
      '```ts',
      'no. No',
      '```',
      '',
      '## B',
      '- Four',
      '  five',
    ],
    ...['- **Six**. Seven', '', '| what | then |', '| --- | --- |', '| eight | nine. Ten |', '| x | y |', ''],
  ].join('\n');
  expect(sentencesOf(page)).toEqual([
    ...['One.', '`Two` goes on: three.', 'Four five', '**Six**.', 'Seven', 'eight | nine.', 'Ten', 'x | y'],
  ]);
});
