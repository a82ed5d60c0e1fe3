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

/** The examples in doc comments: fences marked `ts`, and what follows `@example` without a fence. */
export function commentExamplesIn(file: string, source: string): Example[] {
  return [...source.matchAll(/^[ \t]*\/\*\*[\s\S]*?\*\//gm)].flatMap(({ 0: comment, index }) => {
    const before = source.slice(0, index).split('\n').length - 1;
    // The same lines without the comment's frame, so that line numbers stay.
    const text = comment.replace(/\*\/$/, '').replace(/^[ \t]*\/?\*+ ?/gm, '');
    const framed = `${'\n'.repeat(before)}${fenceBareExamples(text)}`;
    return fencesIn(file, framed);
  });
}

/** Gives the fence to an `@example` that has none: its line opens it, the next tag or the end closes it. */
function fenceBareExamples(text: string): string {
  const lines = text.split('\n');
  for (let index = 0; index < lines.length; index++) {
    if (lines[index]?.trim() !== '@example' || lines[index + 1]?.trim().startsWith('```')) continue;
    lines[index] = '```ts';
    let end = index + 1;
    while (end < lines.length && !/^@\w/.test(lines[end] ?? '')) end++;
    // The blank line before the next tag has room for the fence's end; without one the fence ends the last line.
    if (lines[end - 1]?.trim() === '') lines[end - 1] = '```';
    else lines.splice(end, 0, '```');
    index = end;
  }
  return lines.join('\n');
}
