/**
 * The short run of exactly once of CI: one node, two members, input throughout; one is killed with a transaction open, then one stands
 * still for longer than its session and wakes. By hand: `npm run chaos -- --guarantee exactly-once`.
 */
import { missingPrerequisites } from '../kafka/provision.js';
import { lastLine, startProgram } from './program.js';

const missing = missingPrerequisites();
if (missing !== undefined) process.stderr.write(`The chaos run of exactly once does not run. ${missing}\n`);

const boundMs = 150_000;

async function run(...more: readonly string[]) {
  const options = ['--seed', '1', '--minutes', '0.1', '--guarantee', 'exactly-once', ...more];
  const { child, ended } = startProgram(['spec/chaos/main.ts', ...options]);
  // Brokers and app processes die with it.
  const bound = setTimeout(() => child.kill('SIGKILL'), boundMs);
  const outcome = await ended;
  clearTimeout(bound);
  return outcome;
}

(missing === undefined ? test : test.skip)(
  'a member that is killed inside a transaction and one that wakes up behind its session add nothing and lose nothing',
  async () => {
    const { code, stdout, stderr } = await run('--faults', 'app-kill-before-commit,app-pause');
    if (code !== 0) process.stderr.write(`${stderr}\n${stdout}\n`);
    expect(lastLine(stdout)).toContain('every invariant held');
    expect(stdout).toContain('1 processes were killed with a transaction open');
    expect(code).toBe(0);
  },
  boundMs + 30_000,
);
