/** Who imports what. */
import { readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import ts from 'typescript';
import { sourceFiles } from './source-files.js';

export interface Import {
  /** A path from the root of the repository. */
  readonly from: string;
  /** A path from the root (`lib/errors/errors.ts`), or a package (`rxjs`, `node:fs`). */
  readonly to: string;
}

/** Every import, type import, re-export and dynamic import in these folders. */
export async function importsIn(repository: string, folders: readonly string[]): Promise<Import[]> {
  const found: Import[] = [];
  for (const from of await sourceFiles(repository, folders)) {
    const text = await readFile(join(repository, from), 'utf8');
    for (const specifier of specifiersIn(text)) found.push({ from, to: target(from, specifier) });
  }
  return found;
}

/** What a source text imports, as written. */
export function specifiersIn(text: string): string[] {
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
}

function target(from: string, specifier: string): string {
  if (!specifier.startsWith('.')) return specifier;
  return posix.join(posix.dirname(from), specifier).replace(/\.js$/, '.ts');
}
