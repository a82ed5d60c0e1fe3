/** `npm run chaos`: see {@link help}. */
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Result, runCommand, seconds } from '../commands/command.js';
import { type ChaosArguments, chaosArguments, help, UsageError } from './arguments.js';
import { check } from './checker.js';
import type { Evidence } from './evidence.js';
import { faultsOfAcceptance, runAcceptance } from './exactly-once/acceptance.js';
import type { ExactlyOnceEvidence } from './exactly-once/evidence.js';
import { judge } from './exactly-once/judge.js';
import type { Finding } from './findings.js';
import { nameOf, planOf } from './plan.js';
import { renderFindings, renderReport, reportOf } from './report.js';
import { runChaos } from './run.js';
import { unheldByStock } from './stock-path.js';

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
  const found = check(evidence);
  const isDeclared = ({ invariant }: Finding): boolean =>
    request.path === 'stock' && unheldByStock.some(one => one.invariant === invariant);
  const findings = found.filter(finding => !isDeclared(finding));
  const declared = found.filter(isDeclared);
  const report = reportOf(evidence, findings, declared);
  const ok = findings.length === 0;
  if (!ok) await keep(evidence);
  if (request.json) return { line: JSON.stringify(report), ok };

  process.stdout.write(`${renderReport(report)}\n`);
  const bug = request.bug === undefined ? '' : `, bug ${request.bug}`;
  const verdict = ok ? 'every invariant held' : `${findings.length} invariants violated`;
  const what = `seed ${request.seed}, ${plan.length} faults, ${request.nodes} nodes${request.path === 'stock' ? ', stock path' : ''}${request.guarantee === 'exactly-once' ? ', exactly once' : ''}${bug}`;
  return { line: `chaos: ${verdict} (${what}, ${seconds(performance.now() - from)})`, ok };
}

const acceptanceKeys = 20_000;

async function accept({ seed, nodes, rate, members, guarantee, json }: ChaosArguments): Promise<Result> {
  const from = performance.now();
  const faults = faultsOfAcceptance.filter(({ threeNodes }) => threeNodes !== true || nodes === 3);
  const options = { seed, faults, nodes, keys: acceptanceKeys, perSecond: rate, members, guarantee };
  const { evidence, inputs, rejections } = await runAcceptance(options, narrate);
  const findings = judge(evidence);
  const ok = findings.length === 0 && rejections.length === 0;
  if (!ok) await keep(evidence);
  const { aborted, kills } = evidence;
  if (json) return { line: JSON.stringify({ seed, inputs, aborted, kills, findings, rejections }), ok };
  process.stdout.write(renderFindings(findings));
  for (const rejection of rejections) process.stdout.write(`${rejection}\n`);
  const verdict = ok ? 'accepted' : 'refused';
  const disturbed = `${kills.length} kills, ${faults.length} other faults, ${aborted} records aborted`;
  const what = `seed ${seed}, ${inputs} inputs of ${acceptanceKeys} keys, ${disturbed}, ${nodes} nodes`;
  return { line: `exactly once: ${verdict} (${what}, ${seconds(performance.now() - from)})`, ok };
}

/** For the search for causes: the brokers' and the stores' data are gone by now. */
async function keep(evidence: Evidence | ExactlyOnceEvidence): Promise<void> {
  const file = join(tmpdir(), `kafka-rx-chaos-${Date.now()}.json`);
  const plain = (_name: string, value: unknown): unknown =>
    value instanceof Map ? Object.fromEntries(value) : value instanceof Set ? [...value] : value;
  await writeFile(file, JSON.stringify(evidence, plain));
  narrate(`the evidence is in ${file}`);
}

const request = helpWanted ? undefined : requested();
if (helpWanted) process.stdout.write(`${help}\n`);
else if (request === undefined) process.exitCode = 2;
else await runCommand(help, () => (request.accepts ? accept : chaos)(request));
