import type { SeededBug } from './bugs/seeded-bug.js';
import { mutatedCopy } from './mutated-copy.js';
import type { Guarantee } from './purchase-workload.js';
import { SeedRunner } from './seed-runner.js';
import type { System } from './systems.js';

/** How a bug was found, from several starts. */
export interface Hunt {
  readonly name: string;
  /** By start: how many seeds it took, the one that found it included; undefined: more than there were. */
  readonly seeds: readonly (number | undefined)[];
  /** The invariants that were broken, each once. */
  readonly invariants: readonly string[];
  /** What was broken first. */
  readonly message: string | undefined;
  /** That it could not be told: the bug itself is broken, or shows as another one. */
  readonly failure: string | undefined;
}

/** Runs seeds from each start on until the bug shows, at most so many. */
export async function huntBug(
  { name, replacements, shows, guarantee = 'at-least-once', system = 'purchases' }: Omit<SeededBug, 'what'>,
  starts: readonly number[],
  most: number,
): Promise<Hunt> {
  const seeds: (number | undefined)[] = [];
  const invariants = new Set<string>();
  let message: string | undefined;
  const found = (failure?: string): Hunt => ({ name, seeds, invariants: [...invariants], message, failure });
  try {
    await inCopy(replacements, guarantee, system, async runner => {
      for (const start of starts) {
        let until: number | undefined;
        for (let ran = 1; ran <= most && until === undefined; ran++) {
          const seed = start + ran - 1;
          const { violation } = await runner.run(seed);
          if (violation === undefined) continue;
          const told = `${violation.invariant}: ${violation.message}`;
          if (!shows.test(told)) throw new Error(`seed ${seed} showed something else: ${told}`);
          until = ran;
          invariants.add(violation.invariant);
          message ??= `seed ${seed}: ${told}`;
        }
        seeds.push(until);
      }
    });
    return found();
  } catch (error) {
    return found(error instanceof Error ? error.message : String(error));
  }
}

/**
 * Runs the same seeds of today's sources, of which none may break an invariant.
 *
 * @returns what was broken
 */
export async function control(
  starts: readonly number[],
  most: number,
  guarantee: Guarantee,
  system: System,
  progress: (ran: number) => void,
): Promise<readonly string[]> {
  const broken: string[] = [];
  let ran = 0;
  await inCopy([], guarantee, system, async runner => {
    for (const start of starts) {
      for (let seed = start; seed < start + most; seed++) {
        const { violation } = await runner.run(seed);
        if (violation !== undefined)
          broken.push(`seed ${seed}: ${violation.invariant}: ${violation.message}`);
        progress(++ran);
      }
    }
  });
  return broken;
}

async function inCopy(
  replacements: SeededBug['replacements'],
  guarantee: Guarantee,
  system: System,
  work: (runner: SeedRunner) => Promise<void>,
): Promise<void> {
  const copy = await mutatedCopy(replacements);
  const runner = new SeedRunner(copy.folder, guarantee, system);
  try {
    await work(runner);
  } finally {
    runner.end();
    await copy.remove();
  }
}
