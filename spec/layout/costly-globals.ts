/**
 * Globals that Node hands out through an accessor: each use calls it, 10 ns where the import of the same name costs nothing, several times
 * a record.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import ts from 'typescript';
import { sourceFiles } from './source-files.js';

const moduleOf: Readonly<Record<string, string>> = { Buffer: 'node:buffer', performance: 'node:perf_hooks' };

/** Files of lib and operators that use one of them, and which they do not import. */
export async function costlyGlobals(repository: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const file of await sourceFiles(repository, ['lib', 'operators'])) {
    for (const name of costlyGlobalsIn(await readFile(join(repository, file), 'utf8'))) {
      found.push(`${file} uses ${name} without importing it from ${moduleOf[name]}`);
    }
  }
  return found;
}

/** What a text uses at run time and does not import; as a type, and as the name of a field, it is free. */
export function costlyGlobalsIn(text: string): string[] {
  const source = ts.createSourceFile('searched.ts', text, ts.ScriptTarget.Latest, true);
  const used = new Set<string>();
  const imported = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node)) return;
    if (ts.isImportSpecifier(node)) imported.add(node.name.text);
    else if (ts.isIdentifier(node) && Object.hasOwn(moduleOf, node.text) && !isFieldName(node)) {
      used.add(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return [...used].filter(name => !imported.has(name));
}

function isFieldName(node: ts.Identifier): boolean {
  const { parent } = node;
  return (
    (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
    (ts.isPropertyAssignment(parent) && parent.name === node)
  );
}
