/** The short chaos run of CI: one node, a fixed seed, the faults that are over within seconds. By hand: `npm run chaos`. */
import { missingPrerequisites } from '../kafka/provision.js';
import { lastLine, startProgram } from './program.js';

const missing = missingPrerequisites();
if (missing !== undefined) process.stderr.write(`The chaos run does not run. ${missing}\n`);

const faults = [
  'broker-kill',
  'broker-pause-5s',
  'app-kill-mid-batch',
  'app-kill-before-commit',
  'app-pause',
  'event-loop-block',
  'members-join-leave',
  'graceful-rebalance',
  'slow-sink',
  'failing-sink',
  'failing-store',
  'network-cut',
  'network-reset',
  'partitions-added',
  'partitions-added-elsewhere',
  'topic-found',
  'topic-deleted',
  'named-topic-recreated',
  'output-recreated',
  'commits-refused',
];
const boundMs = 480_000;

(missing === undefined ? test : test.skip)(
  'nothing is lost, nothing is committed early and the app comes back, under the faults of one node',
  async () => {
    const options = ['--seed', '1', '--minutes', '4', '--faults', faults.join()];
    const { child, ended } = startProgram(['spec/chaos/main.ts', ...options]);
    // Brokers and app processes die with it.
    const bound = setTimeout(() => child.kill('SIGKILL'), boundMs);
    const { code, stdout, stderr } = await ended;
    clearTimeout(bound);
    if (code !== 0) process.stderr.write(`${stderr}\n${stdout}\n`);
    expect(lastLine(stdout)).toContain('every invariant held');
    expect(code).toBe(0);
  },
  boundMs + 30_000,
);
