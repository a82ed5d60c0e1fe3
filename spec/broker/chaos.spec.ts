/** The short chaos run of CI: one node, a fixed seed, the faults that are over within seconds. By hand: `npm run chaos`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { missingPrerequisites } from '../kafka/provision.js';

const missing = missingPrerequisites();
if (missing !== undefined) process.stderr.write(`The chaos run does not run. ${missing}\n`);

/** All that one node can show, but for the pause of 70 s. */
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
  'partition-left-out',
  'network-cut',
  'network-delay',
  'network-black-hole',
  'network-reset',
  'partitions-added',
  'commits-refused',
];
const boundMs = 480_000;

(missing === undefined ? test : test.skip)(
  'nothing is lost, nothing is committed early and the app comes back, under every fault of one node',
  async () => {
    const options = ['--seed', '1', '--minutes', '4', '--faults', faults.join()];
    const child = spawn(process.execPath, ['--import', 'tsx', join('spec', 'chaos', 'main.ts'), ...options], {
      timeout: boundMs,
      killSignal: 'SIGKILL', // brokers and app processes die with it
    });
    let output = '';
    let narration = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      narration += text;
    });
    const [code] = await once(child, 'close');
    if (code !== 0) process.stderr.write(narration);
    expect(output).toContain('every invariant held');
    expect(code).toBe(0);
  },
  boundMs + 30_000,
);
