import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Benchmark, BenchmarkOptions, Outcome, Tell } from './benchmark.js';
import type { ChildMessage } from './child.js';
import { compileInto } from './peers/compiled.js';

/**
 * Measures in a process of its own: as in production, where records are not frozen and nobody compiles in between, with the flags
 * of this process (so that `--cpu-prof` profiles the benchmark too).
 *
 * Rejects when the child ends without an outcome; its standard error has said why.
 */
export async function measureInChild(
  name: string,
  { ownProcesses = false }: Benchmark,
  options: BenchmarkOptions,
  tell: Tell,
): Promise<Outcome> {
  if (ownProcesses) {
    const source = fileURLToPath(new URL('./child.ts', import.meta.url));
    return outcomeOf(name, source, process.execArgv, options, tell);
  }
  const folder = await mkdtemp(join(tmpdir(), 'kafka-rx-bench-'));
  try {
    tell(`${name}: compiling`);
    await compileInto(folder);
    return await outcomeOf(
      name,
      join(folder, 'bench', 'child.js'),
      withoutTsx(process.execArgv),
      options,
      tell,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function outcomeOf(
  name: string,
  program: string,
  execArgv: readonly string[],
  options: BenchmarkOptions,
  tell: Tell,
): Promise<Outcome> {
  const child = fork(program, [name, JSON.stringify(options)], {
    execArgv: [...execArgv],
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

function withoutTsx(flags: readonly string[]): readonly string[] {
  return flags.filter((flag, i) => !(flag === '--import' && flags[i + 1] === 'tsx') && flag !== 'tsx');
}
