import { type Answer, expectedOf } from './answers.js';
import type { GoldenCase } from './cases.js';
import { differences } from './differences.js';

/** What the answers to a case are worth; `byDesign` is the name of the difference, `failed` the first that is none. */
export type Judgement =
  | { readonly is: 'agreed' }
  | { readonly is: 'byDesign'; readonly name: string }
  | { readonly is: 'failed'; readonly first: string };

/** @param updates what the library answers to a case of the op that is given, with the same inputs and parameters */
export async function judge(
  of: GoldenCase,
  answers: readonly Answer[],
  updates: (of: GoldenCase) => Promise<readonly Answer[]>,
): Promise<Judgement> {
  const expected = expectedOf(of);
  if (JSON.stringify(answers) === JSON.stringify(expected)) return { is: 'agreed' };
  for (const { name, ops, explains } of differences) {
    if (!ops.test(of.op)) continue;
    const asUpdates = () => updates({ ...of, op: of.op.replace(/-final.*/, '-update') });
    if (await explains(of, answers, asUpdates)) return { is: 'byDesign', name };
  }
  return { is: 'failed', first: firstDifference(of, answers, expected) };
}

const shown = 200;

function firstDifference(of: GoldenCase, answers: readonly Answer[], expected: readonly Answer[]): string {
  const at = expected.findIndex((one, index) => JSON.stringify(one) !== JSON.stringify(answers[index]));
  const [wanted, got] = [expected[at], answers[at]].map(one => cut(JSON.stringify(one)));
  return `${of.case}, input ${at} ${JSON.stringify(of.input[at])}: Kafka Streams gives ${wanted}, the library ${got}`;
}

function cut(text: string | undefined): string {
  return text === undefined || text.length <= shown ? `${text}` : `${text.slice(0, shown)}…`;
}
