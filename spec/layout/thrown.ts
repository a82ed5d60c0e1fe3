/**
 * Where something that was thrown is looked at by hand. It may be a Proxy, or have getters that throw, and what throws inside a `catch`
 * is caught by nobody; or it is of another realm or of another copy of the library, of which `instanceof` knows nothing. So it is asked
 * by `isKafkaRxError`, `isInstance`, `fieldOf`, `errorKind` and `withheld` alone.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import ts from 'typescript';
import { sourceFiles } from './source-files.js';

/** Those that the others stand on. */
const asked: ReadonlySet<string> = new Set([
  'lib/errors/errors.ts',
  'lib/errors/field-of.ts',
  'lib/errors/is-instance.ts',
]);

/** Names that a parameter of type `unknown` has where it was thrown. */
const names: ReadonlySet<string> = new Set(['cause', 'error', 'reason', 'refusal', 'thrown']);

/** Files of lib and operators with the places. */
export async function lookedAtByHand(repository: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const file of await sourceFiles(repository, ['lib', 'operators'])) {
    if (asked.has(file)) continue;
    const text = await readFile(join(repository, file), 'utf8');
    found.push(...lookedAtByHandIn(text).map(place => `${file}: ${place}`));
  }
  return found;
}

/** The expressions of a text in which something thrown is asked by `instanceof`, by `in`, as another type, as an object or a text. */
export function lookedAtByHandIn(text: string): string[] {
  const source = ts.createSourceFile('searched.ts', text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && isLookedAt(node) && wasThrown(node)) found.push(node.parent.getText(source));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function isLookedAt(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isBinaryExpression(parent)) {
    const { kind } = parent.operatorToken;
    if (kind === ts.SyntaxKind.InstanceOfKeyword) return parent.left === node;
    return kind === ts.SyntaxKind.InKeyword && parent.right === node;
  }
  if (ts.isAsExpression(parent) || ts.isTemplateSpan(parent) || ts.isSpreadAssignment(parent)) return true;
  if (ts.isCallExpression(parent) && parent.arguments[0] === node) {
    return /^(Object|String|Object\.(assign|keys|entries|freeze))$/.test(parent.expression.getText());
  }
  // Of type any there, where the compiler asks for nothing.
  return ts.isPropertyAccessExpression(parent) && parent.expression === node && isHeard(declarationOf(node));
}

function wasThrown(node: ts.Identifier): boolean {
  const declared = declarationOf(node);
  if (declared === undefined) return false;
  if (ts.isCatchClause(declared.parent)) return true;
  if (!ts.isParameter(declared)) return false;
  return isHeard(declared) || (names.has(node.text) && declared.type?.kind === ts.SyntaxKind.UnknownKeyword);
}

/** A parameter of what a promise calls with its rejection. */
function isHeard(declared: ts.Node | undefined): boolean {
  if (declared === undefined || !ts.isParameter(declared) || declared.type !== undefined) return false;
  const call = declared.parent.parent;
  if (!ts.isCallExpression(call) || !ts.isPropertyAccessExpression(call.expression)) return false;
  const { text } = call.expression.name;
  return (
    (text === 'catch' && call.arguments[0] === declared.parent) ||
    (text === 'then' && call.arguments[1] === declared.parent)
  );
}

/** The nearest catch or parameter of that name. */
function declarationOf(node: ts.Identifier): ts.Node | undefined {
  for (let scope: ts.Node = node; scope.parent !== undefined; scope = scope.parent) {
    const { parent } = scope;
    if (ts.isCatchClause(parent) && parent.variableDeclaration?.name.getText() === node.text)
      return parent.variableDeclaration;
    if (ts.isFunctionLike(parent)) {
      const parameter = parent.parameters.find(
        ({ name }) => ts.isIdentifier(name) && name.text === node.text,
      );
      if (parameter !== undefined) return parameter;
    }
  }
  return undefined;
}
