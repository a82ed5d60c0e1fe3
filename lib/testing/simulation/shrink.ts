import { type ChosenValues, NotedChoices } from './choices.js';
import { simulateOnce } from './simulation.js';
import type { SimulationOutcome, SimulationParts } from './simulation-parts.js';

/** A run that can be had again: what is written, and what was chosen. */
export type Case = Pick<SimulationParts, 'inputs'> & { readonly chosen: ChosenValues };

export interface Shrunk {
  readonly case: Case;
  readonly outcome: SimulationOutcome;
  /** Runs that it took. */
  readonly runs: number;
}

/**
 * Looks for a simpler run that breaks the same invariant: fewer records, then fewer faults, then a plainer schedule. After the
 * delta debugging of Zeller and Hildebrandt, by halves.
 *
 * @param parts of the run that failed
 * @param violated the invariant's name
 * @param mostRuns bounds the time; the simplest found so far counts
 */
export async function shrink(
  parts: SimulationParts,
  found: Case,
  violated: string,
  mostRuns: number,
): Promise<Shrunk | undefined> {
  let runs = 0;
  const attempt = async (candidate: Case): Promise<SimulationOutcome | undefined> => {
    if (runs >= mostRuns) return undefined;
    runs++;
    const choices = new NotedChoices(candidate.chosen);
    const outcome = await simulateOnce({ ...parts, inputs: candidate.inputs, choices });
    return outcome.violation?.invariant === violated ? outcome : undefined;
  };
  const first = await attempt(found);
  if (first === undefined) return undefined;
  let best: { case: Case; outcome: SimulationOutcome } = {
    case: { ...found, chosen: first.chosen },
    outcome: first,
  };
  const better = async (candidate: Case): Promise<boolean> => {
    const outcome = await attempt(candidate);
    if (outcome === undefined) return false;
    best = { case: { inputs: candidate.inputs, chosen: outcome.chosen }, outcome };
    return true;
  };

  // What breaks without any fault, in the plainest order, needs no search for which of them it takes.
  await better({ ...best.case, chosen: {} });
  await byHalves(
    () => best.case.inputs.length,
    (from, to) => better({ ...best.case, inputs: without(best.case.inputs, from, to) }),
  );
  for (const label of Object.keys(best.case.chosen).filter(isFault)) {
    if (best.case.chosen[label] === undefined) continue;
    const { [label]: _left, ...rest } = best.case.chosen;
    if (await better({ ...best.case, chosen: rest })) continue;
    const places = nonZero(best.case.chosen[label] ?? []);
    for (const place of places.reverse()) {
      const values = best.case.chosen[label] ?? [];
      if (values[place] === undefined || values[place] === 0) continue;
      await better({
        ...best.case,
        chosen: { ...best.case.chosen, [label]: zeroed(values, place, place + 1) },
      });
    }
  }
  await byHalves(
    () => best.case.chosen['schedule']?.length ?? 0,
    (from, to) => {
      const schedule = best.case.chosen['schedule'] ?? [];
      if (schedule.slice(from, to).every(value => value === 0)) return Promise.resolve(false);
      return better({ ...best.case, chosen: { ...best.case.chosen, schedule: zeroed(schedule, from, to) } });
    },
  );
  return { ...best, runs };
}

/** Tries to do without ever smaller parts of a list, from its end. */
async function byHalves(
  length: () => number,
  tryWithout: (from: number, to: number) => Promise<boolean>,
): Promise<void> {
  for (let size = Math.ceil(length() / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let to = length(); to > 0; ) {
      const from = Math.max(0, to - size);
      await tryWithout(from, to);
      to = Math.min(from, length());
    }
  }
}

function isFault(label: string): boolean {
  return label !== 'schedule';
}

function nonZero(values: readonly number[]): number[] {
  return values.flatMap((value, at) => (value === 0 ? [] : [at]));
}

function zeroed(values: readonly number[], from: number, to: number): number[] {
  return values.map((value, at) => (at >= from && at < to ? 0 : value));
}

function without<T>(list: readonly T[], from: number, to: number): readonly T[] {
  return [...list.slice(0, from), ...list.slice(to)];
}
