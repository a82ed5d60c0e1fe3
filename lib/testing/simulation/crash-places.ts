import type { Choices } from './choices.js';
import { simulateOnce } from './simulation.js';
import type { SimulationOutcome, SimulationParts } from './simulation-parts.js';

/** A run in which processes died at these places and an invariant broke. */
export interface BrokenAtPlaces {
  readonly crashAt: readonly number[];
  readonly outcome: SimulationOutcome;
}

export interface CrashPlaces {
  /** Of the run in which nobody dies. */
  readonly places: number;
  /** Of all runs with one crash: every place to die at a second time. */
  readonly pairs: number;
  /** Runs with a crash, or two. */
  readonly runs: number;
  /** Whether every place was died at, and every pair where these were asked for. */
  readonly isWhole: boolean;
  readonly broken: readonly BrokenAtPlaces[];
  /** Where the crashes were: of each kind of place, how many. */
  readonly crashes: ReadonlyMap<string, number>;
}

/**
 * Lets a process die at every place of a run in turn: before the effect, with the request on its way, after the effect, and in
 * place of the answer, of each call through a port. Then, on demand, at every pair: once more after the first death, nearest first,
 * as what comes back up is the least tried.
 *
 * @param parts of the run; its profile should be without faults of its own
 * @param choices makes those of one run, the same each time
 * @param goesOn asked before each run
 */
export async function crashAtPlaces(
  parts: Omit<SimulationParts, 'choices' | 'crashAt'>,
  choices: () => Choices,
  { pairs, goesOn }: { readonly pairs: boolean; readonly goesOn: () => boolean },
): Promise<CrashPlaces> {
  const broken: BrokenAtPlaces[] = [];
  const crashes = new Map<string, number>();
  const run = async (crashAt: readonly number[]): Promise<SimulationOutcome> => {
    const outcome = await simulateOnce({ ...parts, choices: choices(), crashAt });
    if (outcome.violation !== undefined) broken.push({ crashAt, outcome });
    for (const [mark, count] of outcome.marks)
      if (mark.startsWith('crash ')) crashes.set(mark, (crashes.get(mark) ?? 0) + count);
    return outcome;
  };
  const { places } = await run([]);
  /** By the first place: how many places the run with this crash has. */
  const after: number[] = [];
  while (after.length < places && goesOn()) after.push((await run([after.length])).places);
  let runs = after.length;
  let isWhole = runs === places;
  const seconds = after.map((count, first) => Math.max(0, count - first - 1));
  const furthest = pairs ? Math.max(0, ...seconds) : 0;
  for (let further = 1; further <= furthest && isWhole; further++) {
    for (const [first, count] of seconds.entries()) {
      if (further > count) continue;
      if (!goesOn()) {
        isWhole = false;
        break;
      }
      await run([first, first + further]);
      runs++;
    }
  }
  return { places, pairs: seconds.reduce((sum, one) => sum + one, 0), runs, isWhole, broken, crashes };
}
