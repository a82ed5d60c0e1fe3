/** `npm run simulate`: see {@link help}. */
import { NotedChoices } from '../../lib/testing/simulation/choices.js';
import { describeProfile } from '../../lib/testing/simulation/profile.js';
import { shrink } from '../../lib/testing/simulation/shrink.js';
import { simulateOnce } from '../../lib/testing/simulation/simulation.js';
import { type Result, runCommand, seconds, showProgress } from '../commands/command.js';
import { help, type SimulateArguments, simulateArguments, UsageError } from './arguments.js';
import { missingMarks, seedsForMarks } from './declared-marks.js';
import { lineToKeep } from './kept.js';
import { manySeeds } from './many-seeds.js';
import { tellOrders } from './orders.js';
import { tellPlaces } from './places.js';
import { tellProof } from './prove.js';
import { partsOf, runSeed } from './seeds.js';

const shrinkRuns = 400;

async function simulate(request: SimulateArguments): Promise<Result> {
  if (request.what === 'places') return tellPlaces(request.from, request);
  if (request.what === 'orders') return tellOrders(request.minutes, request.json);
  if (request.what === 'proof') return tellProof(request);
  if (request.seeds === 1) return one(request);
  const many = await manySeeds(request, (ran, failed) =>
    showProgress(`${ran} of ${request.seeds} seeds, ${failed} violations`),
  );
  showProgress('');
  const { ran, steps, marks, failed, tookMs } = many;
  const rate = (ran / (tookMs / 1000)).toFixed(1);
  const missing = missingMarks(marks, request.guarantee, request.system);
  const ok = failed.length === 0 && (ran < seedsForMarks || missing.length === 0);
  if (request.json) {
    const report = {
      ran,
      steps,
      tookMs: Math.round(tookMs),
      marks: Object.fromEntries([...marks].sort()),
      missing,
      failed,
    };
    return { line: JSON.stringify(report), ok };
  }
  for (const [mark, count] of [...marks].sort())
    process.stdout.write(`${String(count).padStart(9)}  ${mark}\n`);
  for (const mark of missing) process.stdout.write(`    never  ${mark}\n`);
  for (const { seed, violation } of failed) {
    process.stdout.write(`seed ${seed}: ${violation?.invariant}: ${violation?.message}\n`);
  }
  const [first] = failed;
  if (first !== undefined) await tellShrunk(first.seed, request);
  const verdict =
    failed.length === 0
      ? ok
        ? 'every invariant held'
        : `every invariant held, and ${missing.length} declared marks were never hit`
      : `${failed.length} seeds broke an invariant; again with --seed ${failed[0]?.seed}`;
  return {
    line: `simulate: ${verdict} (${ran} seeds twice, ${steps} steps, ${rate} seeds/s, ${seconds(tookMs)})`,
    ok,
  };
}

async function one(request: SimulateArguments): Promise<Result> {
  const { seed, profile, workload, outcome } = await runSeed(request.from, request.kinds, request);
  const { violation } = outcome;
  const ok = violation === undefined;
  if (request.json)
    return { line: JSON.stringify({ seed, workload, profile, ...outcome, marks: [...outcome.marks] }), ok };
  const { shape, inputs, topics, processes } = workload;
  process.stdout.write(`faults    ${describeProfile(profile)}\n`);
  process.stdout.write(
    `workload  ${inputs.length} records, ${topics['transactions'] ?? topics['clicks']} partitions, ${processes} processes\n`,
  );
  process.stdout.write(`topology  ${JSON.stringify(shape)}\n`);
  for (const line of outcome.timeline) process.stdout.write(`${line}\n`);
  if (violation !== undefined) {
    process.stdout.write(`violated  ${violation.invariant}: ${violation.message}\n`);
    await tellShrunk(seed, request);
  }
  const verdict = ok ? 'every invariant held' : `violated: ${violation.invariant}`;
  return {
    line: `simulate: ${verdict} (seed ${seed}, ${outcome.steps} steps, ${Math.round(outcome.timeMs / 1000)} virtual s, hash ${outcome.hash})`,
    ok,
  };
}

async function tellShrunk(seed: number, { kinds, guarantee, system }: SimulateArguments): Promise<void> {
  const { outcome } = await runSeed(seed, kinds, { twice: false, guarantee, system });
  if (outcome.violation === undefined) return;
  const { parts, workload, profile } = partsOf(seed, kinds, guarantee, system);
  const whole = { ...parts, choices: new NotedChoices({}) };
  const shrunk = await shrink(
    whole,
    { inputs: parts.inputs, chosen: outcome.chosen },
    outcome.violation.invariant,
    shrinkRuns,
  );
  if (shrunk === undefined) {
    process.stdout.write('shrunk    not: the noted choices alone do not break it\n');
    return;
  }
  const { inputs, chosen } = shrunk.case;
  const again = await simulateOnce({ ...whole, inputs, choices: new NotedChoices(chosen) });
  process.stdout.write(
    `shrunk    to ${inputs.length} records in ${shrunk.runs} runs: ${again.violation?.message}\n`,
  );
  for (const line of again.timeline) process.stdout.write(`          ${line}\n`);
  const { invariant, message } = outcome.violation;
  const showed = `(commit that mends it) ${invariant}: ${message}`;
  process.stdout.write(
    `keep      add this to spec/simulation/kept.jsonl:\n${lineToKeep({ seed, workload, profile }, shrunk.case, showed)}\n`,
  );
}

const args = process.argv.slice(2);
if (args.includes('--help') || args.includes('-h')) process.stdout.write(`${help}\n`);
else {
  try {
    const request = simulateArguments(args);
    await runCommand(help, () => simulate(request));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}; see --help\n`);
    process.exitCode = 2;
  }
}
