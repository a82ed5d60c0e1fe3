/** Files that are longer than the house allows without a reason. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import ts from 'typescript';
import { sourceFiles } from './source-files.js';

const most = 250;

/** A comment that says why a file is long: `// length: ...`. */
const reason = /^\s*(\/\/|\*)\s*length: \S/m;

export interface LongFile {
  readonly file: string;
  /** Lines that hold code; blank lines and comments are free. */
  readonly lines: number;
}

/** The files of lib and operators above 250 lines of code that give no reason. */
export async function longFiles(repository: string): Promise<LongFile[]> {
  const found: LongFile[] = [];
  for (const file of await sourceFiles(repository, ['lib', 'operators'])) {
    const text = await readFile(join(repository, file), 'utf8');
    const lines = linesOfCode(text);
    if (lines > most && !reason.test(text)) found.push({ file, lines });
  }
  return found;
}

/** Lines on which a token of TypeScript starts or ends. */
export function linesOfCode(text: string): number {
  const source = ts.createSourceFile('counted.ts', text, ts.ScriptTarget.Latest, false);
  const lines = new Set<number>();
  const visit = (node: ts.Node): void => {
    const children = node.getChildren(source);
    if (children.length === 0 && node.getWidth(source) > 0) {
      const first = source.getLineAndCharacterOfPosition(node.getStart(source)).line;
      const last = source.getLineAndCharacterOfPosition(node.getEnd()).line;
      for (let line = first; line <= last; line++) lines.add(line);
    }
    for (const child of children) if (!ts.isJSDoc(child)) visit(child);
  };
  visit(source);
  return lines.size;
}
