import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { type FaultKind, faultKinds } from '../../lib/testing/simulation/profile.js';

/** Arguments that cannot be: exit code 2. */
export class UsageError extends Error {}

export interface SimulateArguments {
  readonly from: number;
  readonly seeds: number;
  /** Ends after so long, whatever is left. */
  readonly minutes: number | undefined;
  readonly kinds: readonly FaultKind[];
  readonly processes: number;
  readonly keepGoing: boolean;
  /** What is run: seeds; one seed with a crash at every place; every order of a small system. */
  readonly what: 'seeds' | 'places' | 'orders';
  readonly pairs: boolean;
  readonly json: boolean;
}

export const help = `npm run simulate -- [--seed N | --seeds N [--from N]] [--minutes M] [--faults LIST] [--processes N] [--keep-going] [--json]
npm run simulate -- --places [--pairs] [--seed N] [--minutes M] [--json]
npm run simulate -- --enumerate [--minutes M] [--json]

Runs the purchase topology on a simulated system: several processes, an embedded broker, disks, one virtual clock. Every order,
crash and lost answer follows from the seed. Each seed runs twice, and both must be the same step by step.

  --seed N        one seed, with its workload, faults and timeline
  --seeds N       so many, one after the other (default 200)
  --from N        the first of them (default 1)
  --minutes M     ends after so long
  --faults LIST   names with commas between them (default all): ${faultKinds.join(', ')}
  --processes N   operating system processes that share the seeds (default: one a processor)
  --places        the seed's workload without random faults, with a crash at every place of every call in turn
  --pairs         with --places: then at every two of them, those nearest to each other first
  --enumerate     a system of one partition, three records and one crash, in every order that there is
  --keep-going    goes on after a violation, and counts
  --json          one JSON object on stdout

A violation is shrunk and told, with the line to add to spec/simulation/kept.jsonl: every run of the tests repeats what is there.
Marks are what rarely happens: of 10,000 seeds or more, each that spec/simulation/declared-marks.ts declares must have been hit.
The last line is the result. Exit codes: 0 every invariant held, 1 it did not, 2 wrong usage.`;

export function simulateArguments(args: readonly string[]): SimulateArguments {
  const values = parsed(args);
  const names = (values.faults ?? 'all').split(',').filter(name => name !== '');
  const unknown = names.find(name => name !== 'all' && !faultKinds.includes(name as FaultKind));
  if (unknown !== undefined) throw new UsageError(`There is no fault ${unknown}`);
  const seed = wholeNumber('seed', values.seed);
  return {
    from: seed ?? wholeNumber('from', values.from) ?? 1,
    seeds: seed === undefined ? (wholeNumber('seeds', values.seeds) ?? 200) : 1,
    minutes: values.minutes === undefined ? undefined : positive('minutes', values.minutes),
    kinds: names.includes('all') ? faultKinds : faultKinds.filter(kind => names.includes(kind)),
    processes: wholeNumber('processes', values.processes) ?? availableParallelism(),
    what: values.places === true ? 'places' : values.enumerate === true ? 'orders' : 'seeds',
    pairs: values.pairs ?? false,
    keepGoing: values['keep-going'] ?? false,
    json: values.json ?? false,
  };
}

function parsed(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    const options = {
      ...{ seed: text, seeds: text, from: text, minutes: text, faults: text, processes: text },
      ...{ 'keep-going': flag, json: flag, places: flag, pairs: flag, enumerate: flag },
    };
    return parseArgs({ args: [...args], options, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message.replace(/\..*$/s, '') : String(error));
  }
}

function wholeNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new UsageError(`--${name} is a whole number, not ${text}`);
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (value > 0) return value;
  throw new UsageError(`--${name} is a number above 0, not ${text}`);
}
