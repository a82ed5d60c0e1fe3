/** `npm run chaos`: see {@link help}. */
import { type Result, runCommand, seconds } from '../commands/command.js';
import { type ChaosArguments, chaosArguments, help, UsageError } from './arguments.js';
import { check } from './checker.js';
import { nameOf, planOf } from './plan.js';
import { renderReport, reportOf } from './report.js';
import { runChaos } from './run.js';

const helpWanted = process.argv.some(argument => argument === '--help' || argument === '-h');

function narrate(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Undefined for wrong usage, which was told. */
function requested(): ChaosArguments | undefined {
  try {
    return chaosArguments(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    narrate(`${error.message}; see --help`);
    return undefined;
  }
}

async function chaos(request: ChaosArguments): Promise<Result> {
  const plan = planOf(request.seed, request.faults, request.stopDuring, request.minutes);
  narrate(`seed ${request.seed}: ${plan.map(nameOf).join('; ')}`);

  const from = performance.now();
  const evidence = await runChaos(request, plan, narrate);
  const findings = check(evidence);
  const report = reportOf(evidence, findings);
  const ok = findings.length === 0;
  if (request.json) return { line: JSON.stringify(report), ok };

  process.stdout.write(`${renderReport(report)}\n`);
  const bug = request.bug === undefined ? '' : `, bug ${request.bug}`;
  const verdict = ok ? 'every invariant held' : `${findings.length} invariants violated`;
  const what = `seed ${request.seed}, ${plan.length} faults, ${request.nodes} nodes${bug}`;
  return { line: `chaos: ${verdict} (${what}, ${seconds(performance.now() - from)})`, ok };
}

const request = helpWanted ? undefined : requested();
if (helpWanted) process.stdout.write(`${help}\n`);
else if (request === undefined) process.exitCode = 2;
else await runCommand(help, () => chaos(request));
