/**
 * What subscribes to a stream that it is handed, by the signatures of all that the package exports: so that one that is new is held to
 * what all are held to.
 */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import ts from 'typescript';

/** The names of the exported functions that take a stream, or give what does, sorted. */
export async function publicOperators(repository: string): Promise<readonly string[]> {
  const { exports } = JSON.parse(await readFile(join(repository, 'package.json'), 'utf8')) as {
    readonly exports: Readonly<Record<string, { readonly import?: { readonly types: string } }>>;
  };
  const found = new Set<string>();
  for (const entry of Object.values(exports)) {
    const built = entry.import?.types;
    if (built === undefined) continue;
    const file = join(repository, built.replace('./dist/esm/', '').replace('.d.ts', '.ts'));
    for (const name of await operatorsOf(file)) found.add(name);
  }
  return [...found].sort();
}

/** The methods of `App` that give what subscribes to a stream, sorted. */
export async function publicSinks(repository: string): Promise<readonly string[]> {
  const found = new Set<string>();
  const visit = (node: ts.Node, source: ts.SourceFile): void => {
    if (ts.isMethodSignature(node) && /\b(AppSink|Observer)</.test(node.type?.getText(source) ?? ''))
      found.add(node.name.getText(source));
    ts.forEachChild(node, child => visit(child, source));
  };
  const source = await parsed(join(repository, 'lib/app/interface.ts'));
  visit(source, source);
  return [...found].sort();
}

/** @param wanted the names asked for; left out: all */
async function operatorsOf(file: string, wanted?: ReadonlySet<string>): Promise<readonly string[]> {
  const source = await parsed(file);
  const found: string[] = [];
  for (const statement of source.statements) {
    if (ts.isExportDeclaration(statement)) {
      const { moduleSpecifier: from, exportClause } = statement;
      if (statement.isTypeOnly || from === undefined || !ts.isStringLiteral(from)) continue;
      if (exportClause === undefined || !ts.isNamedExports(exportClause)) continue;
      const names = exportClause.elements
        .filter(({ isTypeOnly }) => !isTypeOnly)
        .map(({ name }) => name.text);
      const asked = new Set(names.filter(name => wanted?.has(name) !== false));
      const exporting = join(dirname(file), from.text.replace(/\.js$/, '.ts'));
      if (asked.size > 0) found.push(...(await operatorsOf(exporting, asked)));
    } else if (ts.isFunctionDeclaration(statement) && statement.name !== undefined) {
      const name = statement.name.text;
      const isExported = statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
      const signature = [...statement.parameters, statement.type].map(part => part?.getText(source));
      const takesStream = /\b(Observable|OperatorFunction|MonoTypeOperatorFunction)</.test(signature.join());
      if (isExported && takesStream && wanted?.has(name) !== false) found.push(name);
    }
  }
  return found;
}

async function parsed(file: string): Promise<ts.SourceFile> {
  return ts.createSourceFile(file, await readFile(file, 'utf8'), ts.ScriptTarget.Latest, true);
}
