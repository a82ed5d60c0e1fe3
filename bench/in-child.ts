import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { BenchmarkOptions, Outcome, Tell } from './benchmark.js';
import type { ChildMessage } from './child.js';

/**
 * Measures in a process of its own: as in production, where records are not frozen, with the flags of this process
 * (so that `--cpu-prof` profiles the benchmark too).
 *
 * Rejects when the child ends without an outcome; its standard error has said why.
 */
export function measureInChild(name: string, options: BenchmarkOptions, tell: Tell): Promise<Outcome> {
  const child = fork(fileURLToPath(new URL('./child.ts', import.meta.url)), [name, JSON.stringify(options)], {
    env: { ...process.env, NODE_ENV: 'production' },
  });
  return new Promise((resolve, reject) => {
    let outcome: Outcome | undefined;
    // The two ends are of one version: what comes is what child.ts sends.
    child.on('message', (message: ChildMessage) => {
      if (message.type === 'progress') tell(message.text);
      else outcome = message.outcome;
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (outcome !== undefined && code === 0) resolve(outcome);
      else
        reject(
          new Error(`The benchmark '${name}' ended with ${signal ?? `exit code ${code}`} before its result`),
        );
    });
  });
}
