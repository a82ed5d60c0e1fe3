/**
 * Expectations that fail no test, since what they throw goes to rxjs, to a timer or to the app, and not to the test: they are noted
 * in the callback and judged in the test.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import ts from 'typescript';
import { sourceFiles } from './source-files.js';

/** What calls its callback where the test does not hear of what it throws. */
const callers: ReadonlySet<string> = new Set([
  ...[
    'subscribe',
    'each',
    'watch',
    'mapAsync',
    'mapValue',
    'flatMapValue',
    'project',
    'peek',
    'batch',
    'tap',
  ],
  ...['on', 'once', 'addListener', 'addEventListener'],
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'nextTick', 'schedule'],
]);

/** Files of the specs with the expectations. */
export async function unheardExpectations(repository: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const file of await sourceFiles(repository, ['spec'])) {
    const text = await readFile(join(repository, file), 'utf8');
    found.push(...unheardExpectationsIn(text).map(place => `${file}: ${place}`));
  }
  return found;
}

/** The expectations of a text that stand in a callback of a listener, an operator, a sink or a timer. */
export function unheardExpectationsIn(text: string): string[] {
  if (!text.includes('expect(')) return [];
  const source = ts.createSourceFile('searched.ts', text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node, unheard: boolean): void => {
    const inside = ts.isFunctionLike(node) ? unheard || callers.has(callerOf(node)) : unheard;
    if (inside && isExpectation(node)) found.push(node.parent.getText(source));
    ts.forEachChild(node, child => visit(child, inside));
  };
  visit(source, false);
  return found;
}

function isExpectation(node: ts.Node): boolean {
  return ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'expect';
}

/** The name of what is called with a function, itself or as a part of an Observer; empty where it is no argument. */
function callerOf(callback: ts.SignatureDeclaration): string {
  let argument: ts.Node = callback;
  while (ts.isPropertyAssignment(argument.parent) || ts.isObjectLiteralExpression(argument.parent))
    argument = argument.parent;
  const call = argument.parent;
  if (!ts.isCallExpression(call) || call.expression === argument) return '';
  const called = call.expression;
  if (ts.isPropertyAccessExpression(called)) return called.name.text;
  return ts.isIdentifier(called) ? called.text : '';
}
