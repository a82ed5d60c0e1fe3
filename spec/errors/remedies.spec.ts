import { readFileSync } from 'node:fs';
import * as rxjs from 'rxjs';
import ts from 'typescript';
import { sourceFiles } from '../layout/source-files.js';

interface Said {
  readonly file: string;
  readonly text: string;
}

const parsed = async (): Promise<readonly ts.SourceFile[]> =>
  (await sourceFiles('.', ['lib', 'operators'])).map(file =>
    ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true),
  );

/** What is called a remedy: a property, a variable or a parameter's default. */
function remediesOf(files: readonly ts.SourceFile[]): readonly Said[] {
  const remedies: Said[] = [];
  const walk = (node: ts.Node, file: ts.SourceFile): void => {
    const isNamed = ts.isPropertyAssignment(node) || ts.isVariableDeclaration(node) || ts.isParameter(node);
    if (isNamed && node.name.getText() === 'remedy' && node.initializer !== undefined) {
      remedies.push({ file: file.fileName, text: literalsOf(node.initializer, constantsOf(file)) });
    }
    ts.forEachChild(node, inner => walk(inner, file));
  };
  for (const file of files) walk(file, file);
  expect(remedies.length).toBeGreaterThan(60);
  return remedies;
}

/**
 * A remedy that names an option, an operator or a method names one that there is. Looked at are the words that can be nothing
 * else: with a capital inside (`maxRecordBytes`).
 */
test('what a remedy names exists', async () => {
  const files = await parsed();
  // Of rxjs, and of an example's value.
  const known = new Set([...Object.keys(rxjs), 'customerId']);
  const walk = (node: ts.Node): void => {
    const { name } = node as { readonly name?: ts.Node };
    const declares =
      ts.isPropertySignature(node) ||
      ts.isMethodSignature(node) ||
      ts.isFunctionDeclaration(node) ||
      ts.isClassDeclaration(node) ||
      ts.isMethodDeclaration(node);
    if (declares && name !== undefined) known.add(name.getText());
    ts.forEachChild(node, walk);
  };
  for (const file of files) walk(file);
  const missing = remediesOf(files).flatMap(({ file, text }) => {
    const camel = [...text.matchAll(/\b[a-z]+(?:[A-Z][a-z]+)+\b/g)].map(([word]) => word);
    return camel.filter(word => !known.has(word)).map(word => `${file}: ${word}`);
  });
  expect(missing).toEqual([]);
});

/** Whoever installed the library has Kafka's tools and npm, and none of the demos' commands. */
test('a command that a remedy tells is there to be run', async () => {
  const others = remediesOf(await parsed()).filter(
    ({ text }) => /(^|\s|\()--[a-z]/.test(text) && !/kafka-[a-z-]+\.sh|npm install/.test(text),
  );
  expect(others).toEqual([]);
});

test("a command of Kafka's is told with its --bootstrap-server, without which none does anything", async () => {
  const commands: Said[] = [];
  for (const file of await parsed()) {
    const walk = (node: ts.Node): void => {
      const isText =
        ts.isStringLiteralLike(node) || ts.isTemplateExpression(node) || ts.isBinaryExpression(node);
      if (isText) {
        const text = literalsOf(node);
        if (/kafka-[a-z-]+\.sh/.test(text)) commands.push({ file: file.fileName, text });
      } else ts.forEachChild(node, walk);
    };
    walk(file);
  }
  expect(commands.length).toBeGreaterThan(2);
  expect(commands.filter(({ text }) => /\.sh(?! --bootstrap-server )/.test(text))).toEqual([]);
});

/** Texts that a file has as constants. */
function constantsOf(file: ts.SourceFile): ReadonlyMap<string, ts.Expression> {
  const constants = new Map<string, ts.Expression>();
  for (const statement of file.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name, initializer } of statement.declarationList.declarations) {
      if (initializer !== undefined) constants.set(name.getText(), initializer);
    }
  }
  return constants;
}

/** The text that stands there, whatever is put between, but for constants. */
function literalsOf(node: ts.Node, constants: ReadonlyMap<string, ts.Expression> = new Map()): string {
  const constant = ts.isIdentifier(node) ? constants.get(node.text) : undefined;
  if (constant !== undefined) return literalsOf(constant);
  if (
    ts.isLiteralExpression(node) ||
    ts.isTemplateHead(node) ||
    ts.isTemplateMiddle(node) ||
    ts.isTemplateTail(node)
  ) {
    return node.text;
  }
  const parts: string[] = [];
  ts.forEachChild(node, inner => void parts.push(literalsOf(inner, constants)));
  return parts.join(' ');
}
