import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchmarkOptions, Outcome, Tell } from '../benchmark.js';
import { compileInto } from '../peers/compiled.js';
import { reportOf } from '../report-of.js';
import { type Spread, shownSpread, spreadOf } from '../spread.js';
import { contestants, type Name } from './contestants.js';
import type { OverheadReport } from './run-contestant.js';

const targetNs = 500;
const timeoutMs = 300_000;
const names: readonly Name[] = ['bare', 'app'];

/**
 * What the library costs above the work that nobody gets around: the two in turn, each in a process of its own, since in one
 * process what V8 learns of the codecs from the one makes the other slower.
 */
export async function measureOverhead({ rounds }: BenchmarkOptions, tell: Tell): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'kafka-rx-bench-'));
  try {
    await compileInto(folder);
    const program = join(folder, 'bench', 'overhead', 'run-contestant.js');
    const reports: Record<Name, OverheadReport[]> = { bare: [], app: [] };
    for (let round = 0; round < rounds; round++) {
      // A B, B A, A B …: neither always runs in the other's wake.
      for (const name of round % 2 === 0 ? names : [...names].reverse()) {
        tell(`overhead: ${name}, round ${round + 1} of ${rounds}`);
        reports[name].push(await reportOf<OverheadReport>(`'${name}'`, [program, name], timeoutMs));
      }
    }
    return outcomeOf(reports, rounds);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function outcomeOf(reports: Readonly<Record<Name, readonly OverheadReport[]>>, rounds: number): Outcome {
  const [first] = reports.bare;
  if (first === undefined) throw new Error('the bare loop did not run');
  for (const { outputs } of [...reports.bare, ...reports.app]) requireSame(first.outputs, outputs);
  const cpu = spreadsOf(reports, report => report.cpuNs);
  const wall = spreadsOf(reports, report => report.wallNs);
  const row = (what: string, cpuSpread: Spread, wallSpread: Spread): string =>
    `  ${what.padEnd(11)} ${shownSpread(cpuSpread).padEnd(24)} ${shownSpread(wallSpread)}`;
  return {
    lines: [
      `${first.purchases.toLocaleString('en-US')} purchases a run, the median of five in each process; ${rounds} processes of each in turn, null driver and store`,
      ...names.map(name => `  ${name.padEnd(11)} ${contestants[name].what}`),
      `ns a purchase, median (min–max)`,
      `  ${''.padEnd(11)} ${'CPU, all threads'.padEnd(24)} wall`,
      ...names.map(name => row(name, cpu[name], wall[name])),
      row('difference', cpu.difference, wall.difference),
      `outputs: the same ${Object.keys(first.outputs).length} in both, by count and CRC-32`,
    ],
    verdict: `the library costs ${cpu.difference.median.toFixed(0)} ns of CPU a purchase above the bare loop, target ${targetNs}`,
    pass: cpu.difference.median <= targetNs,
    figures: { targetNs, purchases: first.purchases, cpuNs: cpu, wallNs: wall, outputs: first.outputs },
  };
}

/** The difference is taken in each pair of processes, and its median then. */
function spreadsOf(
  { bare, app }: Readonly<Record<Name, readonly OverheadReport[]>>,
  figure: (report: OverheadReport) => number,
): Record<Name | 'difference', Spread> {
  const difference = app.map((report, i) => figure(report) - figure(bare[i] ?? report));
  return {
    bare: spreadOf(bare.map(figure)),
    app: spreadOf(app.map(figure)),
    difference: spreadOf(difference),
  };
}

function requireSame(bare: OverheadReport['outputs'], other: OverheadReport['outputs']): void {
  for (const [topic, output] of Object.entries(bare)) {
    if (JSON.stringify(output) !== JSON.stringify(other[topic])) {
      throw new Error(
        `The outputs differ in ${topic}: ${JSON.stringify({ bare: output, other: other[topic] })}`,
      );
    }
  }
}
