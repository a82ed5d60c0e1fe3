/** One run of jest, and what it counted. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

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

/** Longer than any run of ours (the suites against a real Kafka take 20 minutes here, and half as long again beside other work); what hangs (an open socket after the last test) is ended and counted as a failure. */
const runTimeoutMs = 36 * 60_000;

/**
 * @param config a file in the repository
 * @param visible whether jest prints to the terminal as it goes; else only its verdict is kept
 */
export async function runJest(config: string, args: readonly string[], visible: boolean): Promise<Counts> {
  const folder = await mkdtemp(join(tmpdir(), 'kafka-rx-jest-'));
  try {
    const outputFile = join(folder, 'report.json');
    const jest = join('node_modules', 'jest', 'bin', 'jest.js');
    const own = [jest, `--config=${config}`, '--json', `--outputFile=${outputFile}`];
    const { code, said } = await finish([...own, ...args], visible);
    const report = await readFile(outputFile, 'utf8').catch(() => undefined);
    if (report === undefined) {
      return { passed: 0, failed: 1, skipped: [], failures: [`jest (${config}) reported nothing:\n${said}`] };
    }
    return count(JSON.parse(report), config, code);
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

function finish(
  args: readonly string[],
  visible: boolean,
): Promise<{ code: number | undefined; said: string }> {
  return new Promise((resolve, reject) => {
    // The JSON goes to the file, yet --json moves all that people read to stderr.
    const child = spawn(process.execPath, args, {
      stdio: ['inherit', 'ignore', visible ? 'inherit' : 'pipe'],
    });
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-8_000);
    });
    const bound = setTimeout(() => {
      said += `\nkilled after ${runTimeoutMs / 60_000} minutes`;
      child.kill('SIGKILL');
    }, runTimeoutMs);
    child.on('error', reject);
    child.on('close', code => {
      clearTimeout(bound);
      resolve({ code: code ?? undefined, said });
    });
  });
}
