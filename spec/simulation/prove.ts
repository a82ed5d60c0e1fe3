/** `npm run simulate -- --prove`: puts each seeded bug in and counts the seeds until the simulator finds it. */
import { type Result, seconds, showProgress } from '../commands/command.js';
import { control, type Hunt, huntBug } from './bug-hunt.js';
import { bugsOf, notSimulated } from './bugs/seeded-bugs.js';
import type { Guarantee } from './purchase-workload.js';
import type { System } from './systems.js';

/** Seeds from which on a bug is looked for: far enough apart for each to have seeds of its own. */
const starts = [1, 100_001, 200_001, 300_001, 400_001];

export interface ProofRequest {
  /** Whose bugs. */
  readonly guarantee: Guarantee;
  readonly system: System;
  /** The name of one bug; undefined: all of them. */
  readonly bug: string | undefined;
  /** From each start, at most; a bug may say more of itself. */
  readonly seeds: number;
  /** Operating system processes at once. */
  readonly processes: number;
  readonly json: boolean;
}

export async function tellProof({
  bug,
  guarantee,
  system,
  seeds,
  processes,
  json,
}: ProofRequest): Promise<Result> {
  const began = performance.now();
  const bugs = bugsOf(guarantee, system).filter(({ name }) => bug === undefined || name === bug);
  const waiting = [...bugs];
  const hunts: Hunt[] = [];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      showProgress(`${hunts.length} of ${bugs.length} bugs, looking for ${next.name}`);
      const most = Math.max(seeds, next.within ?? 0);
      const hunt = await huntBug(next, starts, most);
      hunts.push(hunt);
      if (!json) tell(hunt, most);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(processes, bugs.length)) }, work));
  // What takes many seeds to show with a bug says nothing of the others.
  const furthest = Math.max(
    0,
    ...hunts.flatMap(hunt => hunt.seeds.map(count => Math.min(count ?? seeds, seeds))),
  );
  const sound = await control(starts, furthest, guarantee, system, ran =>
    showProgress(`${ran} of ${starts.length * furthest} seeds without a bug`),
  );
  const missed = hunts.filter(hunt => !isFound(hunt));
  const ok = missed.length === 0 && sound.length === 0;
  const tookMs = performance.now() - began;
  if (json) {
    const told = hunts.map(hunt => ({ ...hunt, median: medianOf(hunt) }));
    return {
      line: JSON.stringify({
        hunts: told,
        control: { seeds: furthest, broken: sound },
        notSimulated,
        tookMs,
      }),
      ok,
    };
  }
  for (const broken of sound) process.stdout.write(`without a bug, ${broken}\n`);
  if (bug === undefined && guarantee === 'at-least-once' && system === 'purchases')
    for (const [name, why] of Object.entries(notSimulated))
      process.stdout.write(`${name.padEnd(28)} not simulated: ${why}\n`);
  const found =
    missed.length === 0 ? 'every one was found' : `missed: ${missed.map(({ name }) => name).join(', ')}`;
  const without = sound.length === 0 ? 'nothing' : `${sound.length} violations`;
  return {
    line:
      `simulate: ${bugs.length} seeded bugs, ${found}, the median of medians ${median(hunts.map(medianOf))} seeds; ` +
      `without a bug ${without} in ${starts.length} times ${furthest} seeds (${seconds(tookMs)})`,
    ok,
  };
}

function tell(hunt: Hunt, most: number): void {
  const { name, seeds, invariants, failure } = hunt;
  const counts = seeds.map(count => String(count ?? `>${most}`).padStart(5)).join('');
  const how =
    failure === undefined ? `median ${medianOf(hunt)}: ${invariants.join(', ')}` : `FAILED: ${failure}`;
  showProgress('');
  process.stdout.write(`${name.padEnd(28)}${counts}  ${how}\n`);
}

const isFound = ({ seeds, failure }: Hunt): boolean =>
  failure === undefined && seeds.every(count => count !== undefined);

/** What was not found took for ever. */
const medianOf = ({ seeds }: Hunt): number => median(seeds.map(count => count ?? Number.POSITIVE_INFINITY));

function median(counts: readonly number[]): number {
  const sorted = [...counts].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.POSITIVE_INFINITY;
}
