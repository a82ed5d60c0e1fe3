/**
 * Proves the checker on real brokers: with each seeded bug switched on a run must fail, and the same run without the
 * bug must not. About five minutes; by hand, since CI has the checker's own specs.
 *
 * `node --import tsx spec/chaos/prove-checker.ts`
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { type Result, runCommand, seconds } from '../commands/command.js';
import { type BugName, bugNames, type Guarantee, guarantees, isUnitBug } from './messages.js';

const help =
  'Runs the chaos test once with each seeded bug and once without: the former must fail, the latter not.';
const seed = '1';
const boundMs = 180_000;

/** The faults under which each bug does its harm. */
const faultsFor: Record<BugName, string> = {
  'commit-before-ack': 'failing-sink',
  'commit-highest': 'partition-left-out',
  'no-epoch-check': 'app-pause',
  'ignore-missing-partition': 'partition-left-out',
  'begin-behind-the-first': 'topic-found',
  'name-for-id': 'topic-recreated',
  'offsets-of-the-old': 'topic-found',
  // The echo comes 25 s later, and the end of the run after that.
  'old-comes-back': 'topic-deleted,topic-found,topic-recreated',
  'slow-revoke': 'topic-found',
  'offsets-outside': 'app-kill-before-commit',
  'letters-outside': 'app-kill-before-commit',
  'without-gate': 'app-pause-before-end',
};

const guaranteeFor = (bug: BugName): Guarantee => (isUnitBug(bug) ? 'exactly-once' : 'at-least-once');

interface Outcome {
  readonly code: number | null;
  readonly violated: readonly string[];
}

async function run(faults: string, bug: BugName | undefined, guarantee: Guarantee): Promise<Outcome> {
  const options = ['--seed', seed, '--minutes', '0.1', '--faults', faults, '--guarantee', guarantee];
  const args = ['--import', 'tsx', join('spec', 'chaos', 'main.ts'), ...options];
  if (bug !== undefined) args.push('--bug', bug);
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'], timeout: boundMs });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const code = await new Promise<number | null>(resolve => child.once('close', resolve));
  return { code, violated: output.split('\n').filter(line => line.startsWith('VIOLATED')) };
}

await runCommand(help, async (): Promise<Result> => {
  const from = performance.now();
  const wrong: string[] = [];
  for (const bug of bugNames) {
    const { code, violated } = await run(faultsFor[bug], bug, guaranteeFor(bug));
    process.stdout.write(`${bug} (${faultsFor[bug]}):\n${violated.map(line => `  ${line}\n`).join('')}`);
    // Exit code 1 alone could be a run that did not come to a verdict.
    if (code !== 1 || violated.length === 0) wrong.push(`${bug} was not found`);
  }
  for (const guarantee of guarantees) {
    const bugs = bugNames.filter(bug => guaranteeFor(bug) === guarantee);
    const faults = new Set(bugs.flatMap(bug => faultsFor[bug].split(',')));
    const sound = await run([...faults].join(), undefined, guarantee);
    if (sound.code !== 0) wrong.push(`${guarantee}, without a bug: ${sound.violated.join('; ')}`);
  }
  const verdict = wrong.length === 0 ? 'every seeded bug was found, and none without one' : wrong.join('; ');
  return { line: `prove-checker: ${verdict} (${seconds(performance.now() - from)})`, ok: wrong.length === 0 };
});
