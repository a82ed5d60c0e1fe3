/**
 * Where real time and real chance come in: what runs in a simulation takes both from its clock, its `random` or its choices, or two
 * runs of one seed would differ.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import ts from 'typescript';
import { sourceFiles } from './source-files.js';

const names = new Set([
  ...[
    'randomUUID',
    'randomBytes',
    'setTimeout',
    'setInterval',
    'setImmediate',
    'nextTick',
    'queueMicrotask',
    'hrtime',
  ],
  ...['Date.now', 'Math.random', 'performance.now', 'new Date()'],
]);

/** Files that may, and why. */
export const mayUseChanceAndTime: Readonly<Record<string, string>> = {
  'lib/base/clock.ts': "the machine's clock itself",
  'lib/base/new-id.ts': 'the default of the options `newId`, which a simulation gives',
  'lib/app/lifecycle/end-with-handlers.ts': "the process's end; a simulation handles no signals",
  'lib/app/lifecycle/signals.ts': 'a person at a keyboard; a simulation handles no signals',
  'lib/app/workers/run-workers.ts': 'real threads',
  'lib/app/workers/serve-worker.ts': 'real threads',
  'lib/drivers/kafkajs/backoff.ts': 'the default of a parameter, against a real Kafka',
  'lib/errors/dead-letters/sealed.ts': 'a nonce must not be drawn again; no simulated topology seals',
  'lib/flow/sinks/partitioner.ts': "the default of the app's option `random`, which a simulation gives",
  'lib/stores/lmdb-machine.ts': 'a real database on this machine; a simulation has a host of its own',
  'lib/testing/simulation/world.ts': 'leaves the event loop once a step, so that promises settle',
  'lib/testing/test-app.ts': 'leaves the event loop, so that promises settle',
  'lib/testing/virtual-clock.ts': 'leaves the event loop once a step, so that promises settle',
};

/** Files of lib and operators with what they use of it. */
export async function chanceAndTime(repository: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, readonly string[]>();
  for (const file of await sourceFiles(repository, ['lib', 'operators'])) {
    const used = chanceAndTimeIn(await readFile(join(repository, file), 'utf8'));
    if (used.length > 0) found.set(file, used);
  }
  return found;
}

/** What a text uses, not what its comments and strings speak of. */
export function chanceAndTimeIn(text: string): string[] {
  const source = ts.createSourceFile('searched.ts', text, ts.ScriptTarget.Latest, true);
  const found = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) note(node.text);
    if (ts.isPropertyAccessExpression(node)) note(`${node.expression.getText(source)}.${node.name.text}`);
    if (ts.isNewExpression(node) && (node.arguments ?? []).length === 0)
      note(`new ${node.expression.getText(source)}()`);
    ts.forEachChild(node, visit);
  };
  const note = (name: string): void => {
    if (names.has(name)) found.add(name);
  };
  visit(source);
  return [...found];
}
