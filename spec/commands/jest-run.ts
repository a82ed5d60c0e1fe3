/** One run of jest, and what it counted. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { seconds } from './command.js';

/** What a run came to. Each part adds up over several runs. */
export interface Counts {
  readonly passed: number;
  /** Failed tests, and one for each suite that could not be loaded or failed around its tests. */
  readonly failed: number;
  /** Tests that did not run: skip, todo, or not selected by the arguments. By their full names. */
  readonly skipped: readonly string[];
  /** Failures as jest prints them, a suite each; and why jest itself failed. */
  readonly failures: readonly string[];
}

/** A run and how long it took, as a line for people. */
export interface Run extends Counts {
  readonly took: string;
}

/** What we use of jest's `--json`. */
interface JestReport {
  readonly success: boolean;
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numRuntimeErrorTestSuites: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/**
 * @param config a file in the repository
 * @param visible whether jest prints to the terminal as it goes; else only its verdict is kept
 * @param until when it is killed, in ms since 1970: what hangs (an open socket after the last test) is a failure then
 */
export async function runJest(
  config: string,
  args: readonly string[],
  visible: boolean,
  until: number,
): Promise<Run> {
  const folder = await mkdtemp(join(tmpdir(), 'kafka-rx-jest-'));
  try {
    const outputFile = join(folder, 'report.json');
    const jest = join('node_modules', 'jest', 'bin', 'jest.js');
    const timesFile = join(folder, 'times.jsonl');
    const reporters = [
      '--reporters=default',
      `--reporters=${join('<rootDir>', 'spec', 'commands', 'suite-times.mjs')}`,
    ];
    // The list of reporters takes whatever stands behind it that is no option.
    const own = [jest, `--config=${config}`, ...reporters, '--json', `--outputFile=${outputFile}`];
    const began = Date.now();
    const { code, said } = await finish([...own, ...args], visible, until, timesFile);
    const lines = await readFile(timesFile, 'utf8').catch(() => '');
    const took = `${config}: ${suiteTimes(lines, Date.now() - began, Date.now())}`;
    const report = await readFile(outputFile, 'utf8').catch(() => undefined);
    if (report === undefined) {
      const failures = [`jest (${config}) reported nothing:\n${said}`];
      return { passed: 0, failed: 1, skipped: [], failures, took };
    }
    return { ...count(JSON.parse(report), config, code), took };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What a report says, with everything that is neither passed nor skipped counted as failed. */
export function count(report: JestReport, config: string, code: number | undefined): Counts {
  const failures = report.testResults
    .filter(suite => suite.status === 'failed')
    .map(suite => stripVTControlCharacters(suite.message));
  const skipped = report.testResults.flatMap(suite =>
    suite.assertionResults
      .filter(({ status }) => status !== 'passed' && status !== 'failed')
      .map(test => test.fullName),
  );
  let failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
  if (failed === 0 && (code !== 0 || !report.success)) {
    failed = 1; // a global hook, a threshold, a process that had to be killed: nothing that a test stands for
    failures.push(`jest (${config}) ended with ${code === undefined ? 'a signal' : `exit code ${code}`}`);
  }
  return { passed: report.numPassedTests, failed, skipped, failures };
}

const shownSlowest = 5;

/**
 * What the reporter noted, for people: how many suites in what time, the slowest, and those that had begun and not ended.
 * @param lines of suite-times.mjs
 * @param tookMs of the whole run
 * @param now in ms since 1970
 */
export function suiteTimes(lines: string, tookMs: number, now: number): string {
  const running = new Map<string, number>();
  const ended: { suite: string; tookMs: number }[] = [];
  for (const line of lines.split('\n').filter(text => text !== '')) {
    const note: { suite: string; began?: number; tookMs?: number } = JSON.parse(line);
    const suite = note.suite.replace(/^.*\/spec\//, 'spec/');
    if (note.began !== undefined) running.set(suite, note.began);
    if (note.tookMs === undefined) continue;
    running.delete(suite);
    ended.push({ suite, tookMs: note.tookMs });
  }
  ended.sort((a, b) => b.tookMs - a.tookMs);
  const slowest = ended.slice(0, shownSlowest).map(({ suite, tookMs: ms }) => `${suite} ${seconds(ms)}`);
  const still = [...running].map(([suite, began]) => `${suite} for ${seconds(now - began)}`);
  const parts = [`${ended.length} suites ended in ${seconds(tookMs)}`];
  if (slowest.length > 0) parts.push(`slowest: ${slowest.join(', ')}`);
  if (still.length > 0) parts.push(`not ended: ${still.join(', ')}`);
  return parts.join('; ');
}

function finish(
  args: readonly string[],
  visible: boolean,
  until: number,
  timesFile: string,
): Promise<{ code: number | undefined; said: string }> {
  return new Promise((resolve, reject) => {
    // The JSON goes to the file, yet --json moves all that people read to stderr.
    const child = spawn(process.execPath, args, {
      env: { ...process.env, KAFKA_RX_SUITE_TIMES: timesFile },
      stdio: ['inherit', 'ignore', visible ? 'inherit' : 'pipe'],
    });
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-8_000);
    });
    const bound = setTimeout(
      () => {
        said += '\nkilled at the bound of npm test';
        child.kill('SIGKILL');
      },
      Math.max(0, until - Date.now()),
    );
    child.on('error', reject);
    child.on('close', code => {
      clearTimeout(bound);
      resolve({ code: code ?? undefined, said });
    });
  });
}
