import { readFileSync } from 'node:fs';
import * as rxjs from 'rxjs';
import ts from 'typescript';
import { sourceFiles } from '../layout/source-files.js';

/**
 * A remedy that names an option, an operator or a method names one that there is. Looked at are the words that can be nothing
 * else: with a capital inside (`maxRecordBytes`).
 */
test('what a remedy names exists', async () => {
  const files = (await sourceFiles('.', ['lib', 'operators'])).map(file =>
    ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true),
  );
  // Of rxjs, and of an example's value.
  const known = new Set([...Object.keys(rxjs), 'customerId']);
  const remedies: { readonly file: string; readonly text: string }[] = [];
  const walk = (node: ts.Node, file: string): void => {
    const { name } = node as { readonly name?: ts.Node };
    const declares =
      ts.isPropertySignature(node) ||
      ts.isMethodSignature(node) ||
      ts.isFunctionDeclaration(node) ||
      ts.isClassDeclaration(node) ||
      ts.isMethodDeclaration(node);
    if (declares && name !== undefined) known.add(name.getText());
    if (ts.isPropertyAssignment(node) && node.name.getText() === 'remedy') {
      remedies.push({ file, text: literalsOf(node.initializer) });
    }
    ts.forEachChild(node, inner => walk(inner, file));
  };
  for (const file of files) walk(file, file.fileName);
  expect(remedies.length).toBeGreaterThan(60);
  const missing = remedies.flatMap(({ file, text }) => {
    const camel = [...text.matchAll(/\b[a-z]+(?:[A-Z][a-z]+)+\b/g)].map(([word]) => word);
    return camel.filter(word => !known.has(word)).map(word => `${file}: ${word}`);
  });
  expect(missing).toEqual([]);
});

/** The text that stands there, whatever is put between. */
function literalsOf(node: ts.Node): string {
  if (
    ts.isLiteralExpression(node) ||
    ts.isTemplateHead(node) ||
    ts.isTemplateMiddle(node) ||
    ts.isTemplateTail(node)
  ) {
    return node.text;
  }
  const parts: string[] = [];
  ts.forEachChild(node, inner => void parts.push(literalsOf(inner)));
  return parts.join(' ');
}
