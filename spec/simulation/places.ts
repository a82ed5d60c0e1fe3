/** `npm run simulate -- --places`: a run without random faults, in which a process dies at every place in turn. */
import { DrawnChoices } from '../../lib/testing/simulation/choices.js';
import { type CrashPlaces, crashAtPlaces } from '../../lib/testing/simulation/crash-places.js';
import { type Result, seconds } from '../commands/command.js';
import type { Guarantee } from './purchase-workload.js';
import { partsOf } from './seeds.js';
import type { System } from './systems.js';

interface PlacesOptions {
  readonly pairs: boolean;
  readonly minutes: number | undefined;
  readonly guarantee: Guarantee;
  readonly system?: System | undefined;
}

async function placesOf(
  seed: number,
  { pairs, minutes, guarantee, system }: PlacesOptions,
): Promise<CrashPlaces & { readonly tookMs: number }> {
  const began = performance.now();
  const { parts } = partsOf(seed, [], guarantee, system);
  const goesOn = (): boolean => minutes === undefined || performance.now() - began < minutes * 60_000;
  const found = await crashAtPlaces(parts, () => new DrawnChoices(seed), { pairs, goesOn });
  return { ...found, tookMs: performance.now() - began };
}

export async function tellPlaces(
  seed: number,
  options: PlacesOptions & { readonly json: boolean },
): Promise<Result> {
  const { broken, crashes, ...counts } = await placesOf(seed, options);
  const ok = broken.length === 0;
  if (options.json) {
    const told = broken.map(({ crashAt, outcome }) => ({ crashAt, violation: outcome.violation }));
    return { line: JSON.stringify({ ...counts, crashes: Object.fromEntries(crashes), broken: told }), ok };
  }
  const { places, pairs, runs, isWhole, tookMs } = counts;
  for (const [mark, count] of [...crashes].sort())
    process.stdout.write(`${String(count).padStart(9)}  ${mark}\n`);
  for (const { crashAt, outcome } of broken) {
    const { invariant, message } = outcome.violation ?? {};
    process.stdout.write(`died at ${crashAt.join(' and ')}: ${invariant}: ${message}\n`);
  }
  for (const line of broken[0]?.outcome.timeline ?? []) process.stdout.write(`          ${line}\n`);
  const rate = ((runs + 1) / (tookMs / 1000)).toFixed(1);
  const all = isWhole ? 'all of them' : 'not all in time';
  return {
    line: `simulate: ${ok ? 'every invariant held' : `${broken.length} violations`} (seed ${seed}: ${places} places, ${pairs} pairs, ${runs} runs, ${all}, ${broken.length} violations, ${rate} runs/s, ${seconds(tookMs)})`,
    ok,
  };
}
