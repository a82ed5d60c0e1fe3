/** `npm test`: both suites, and one honest line at the end. */
import { missingPrerequisites } from '../kafka/provision.js';
import { brokerRuns } from './broker-suites.js';
import { runCommand } from './command.js';
import { type Run, runJest } from './jest-run.js';

const help = `npm test [-- [--no-broker] <arguments of jest>]

Runs the suites that need nothing but Node, then those against a real Kafka (spec/broker), which need Java 17 and Maven: two
at a time, and those that hold something to seconds one at a time.
Where these are missing, one line says so; with CI set in the environment it is a failure.

  --no-broker   leaves the suites against a real Kafka out (also a failure with CI set)

Arguments of jest go to the first run, for example: npm test -- --no-broker spec/card

In a pipe it prints failures, and for each of these three runs a line with its time and its slowest suites. The last line is "N passed, N failed", with ", N skipped" where tests did not run.
Exit codes: 0 all passed, 1 something failed.`;

const shownSkipped = 10;

/** For all runs together: far longer than they take, also beside other work. What hangs is told by name, and is a failure. */
const boundMs = 66 * 60_000;

await runCommand(help, async () => {
  const args = process.argv.slice(2).filter(argument => argument !== '--no-broker');
  const visible = process.stderr.isTTY === true;
  const until = Date.now() + boundMs;
  const runs = [told(await runJest('jest.config.mjs', args, visible, until), visible)];

  const why = args.length < process.argv.length - 2 ? 'left out by --no-broker' : missingPrerequisites();
  let missing = 0;
  if (why === undefined) {
    for (const suites of [brokerRuns.twoAtATime, brokerRuns.alone])
      runs.push(told(await runJest('jest.broker.config.mjs', suites, visible, until), visible));
  } else {
    process.stdout.write(`The suites against a real Kafka (spec/broker) did not run: ${why}\n`);
    // On a developer's machine this may be so; a green CI must have run everything.
    if (process.env['CI']) missing = 1;
  }
  return summary(runs, missing, visible);
});

function told(run: Run, visible: boolean): Run {
  if (!visible) process.stdout.write(`${run.took}\n`);
  return run;
}

function summary(runs: readonly Run[], missing: number, visible: boolean): { line: string; ok: boolean } {
  const passed = sum(runs.map(run => run.passed));
  const failed = sum(runs.map(run => run.failed)) + missing;
  const skipped = runs.flatMap(run => run.skipped);
  if (!visible) for (const failure of runs.flatMap(run => run.failures)) process.stdout.write(`${failure}\n`);
  for (const name of skipped.slice(0, shownSkipped)) process.stdout.write(`skipped: ${name}\n`);
  if (skipped.length > shownSkipped) {
    process.stdout.write(`skipped: ${skipped.length - shownSkipped} more\n`);
  }
  const tail = skipped.length > 0 ? `, ${skipped.length} skipped` : '';
  return { ok: failed === 0, line: `${passed} passed, ${failed} failed${tail}` };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
