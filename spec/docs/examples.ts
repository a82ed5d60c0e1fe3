/** The examples of the documentation, found where they stand. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sourceFiles } from '../layout/source-files.js';

export interface Example {
  /** Where it stands, as `README.md:12`: the line of its first line of code. */
  readonly name: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly code: string;
}

/** Every example of README.md, docs and the comments of lib and operators. */
export async function examplesOf(repository: string): Promise<Example[]> {
  const docs = (await readdir(join(repository, 'docs'))).filter(name => name.endsWith('.md')).sort();
  const found: Example[] = [];
  for (const file of ['README.md', ...docs.map(name => `docs/${name}`)]) {
    found.push(...fencesIn(file, await readFile(join(repository, file), 'utf8')));
  }
  for (const file of await sourceFiles(repository, ['lib', 'operators'])) {
    found.push(...commentExamplesIn(file, await readFile(join(repository, file), 'utf8')));
  }
  return found;
}

/**
 * The fences of a Markdown text that are marked `ts`. One marked `ts continued` goes on where the fence before it ended:
 * it is compiled together with it, and with what that one continues.
 */
export function fencesIn(file: string, markdown: string): Example[] {
  const lines = markdown.split('\n');
  const found: Example[] = [];
  for (let index = 0; index < lines.length; index++) {
    const [, indent = '', mark] = /^(\s*)```(ts|typescript|ts continued)\s*$/.exec(lines[index] ?? '') ?? [];
    if (mark === undefined) continue;
    const first = index + 1;
    while (index + 1 < lines.length && lines[index + 1]?.trim() !== '```') index++;
    const code = lines
      .slice(first, index + 1)
      .map(line => (line.startsWith(indent) ? line.slice(indent.length) : line));
    const before = found.at(-1);
    // Blank lines keep the line numbers true.
    const line = mark === 'ts continued' && before !== undefined ? before.line : first + 1;
    const text = mark === 'ts continued' && before !== undefined ? upTo(before, first) : '';
    found.push({ name: `${file}:${first + 1}`, file, line, code: text + code.join('\n') });
  }
  return found;
}

function upTo(before: Example, line: number): string {
  const missing = line - (before.line - 1) - before.code.split('\n').length;
  return `${before.code}\n${'\n'.repeat(missing)}`;
}

/** The examples in doc comments: what stands below `@example`, in fences marked `ts` or without any. */
export function commentExamplesIn(file: string, source: string): Example[] {
  return [...source.matchAll(/^[ \t]*\/\*\*[\s\S]*?\*\//gm)].flatMap(({ 0: comment, index }) => {
    const before = source.slice(0, index).split('\n').length - 1;
    const lines = comment
      .replace(/\*\/$/, '')
      .split('\n')
      .map(line => line.replace(/^[ \t]*\/?\*+ ?/, ''));
    return fencesIn(file, `${'\n'.repeat(before)}${fencedExamples(lines).join('\n')}`);
  });
}

/** The same number of lines, so that positions stay: all but the examples is blank, and every example has its fence. */
function fencedExamples(lines: readonly string[]): string[] {
  const found: string[] = lines.map(() => '');
  for (const [start, line] of lines.entries()) {
    if (line.trim() !== '@example') continue;
    const next = lines.findIndex((other, index) => index > start && /^@\w/.test(other));
    const end = next === -1 ? lines.length : next;
    const body = lines.slice(start + 1, end);
    const bare = !body.some(other => other.trim().startsWith('```'));
    if (bare) found[start] = '```ts';
    found.splice(start + 1, body.length, ...body);
    // The line of the next tag holds no example, so the fence can end there; the last line is the comment's own end.
    if (bare) found[Math.min(end, lines.length - 1)] = '```';
  }
  return found;
}
