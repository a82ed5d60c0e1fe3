import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { type FaultKind, faultKinds } from '../../lib/testing/simulation/profile.js';
import { bugsOf } from './bugs/seeded-bugs.js';
import type { Guarantee } from './purchase-workload.js';
import { type System, systems } from './systems.js';

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
  /** What is run: seeds; one seed with a crash at every place; every order of a small system; seeds until each seeded bug is found. */
  readonly what: 'seeds' | 'places' | 'orders' | 'proof';
  readonly bug: string | undefined;
  readonly pairs: boolean;
  readonly guarantee: Guarantee;
  readonly system: System;
  readonly json: boolean;
}

export const help = `npm run simulate -- [--seed N | --seeds N [--from N]] [--minutes M] [--faults LIST] [--guarantee G] [--system S] [--processes N] [--keep-going] [--json]
npm run simulate -- --places [--pairs] [--seed N] [--guarantee G] [--system S] [--minutes M] [--json]
npm run simulate -- --enumerate [--minutes M] [--json]
npm run simulate -- --prove [--bug NAME] [--guarantee G] [--system S] [--seeds N] [--processes N] [--json]

Runs the purchase topology, or one that counts, on a simulated system: several processes, an embedded broker, disks, one virtual clock. Every order,
crash and lost answer follows from the seed. Each seed runs twice, and both must be the same step by step.

  --seed N        one seed, with its workload, faults and timeline
  --seeds N       so many, one after the other (default 200)
  --from N        the first of them (default 1)
  --minutes M     ends after so long
  --faults LIST   names with commas between them (default all): ${faultKinds.join(', ')}
  --guarantee G   at-least-once (default) or exactly-once: with units of work, of which readers of committed records see each output once;
                  with --prove: the bugs of these
  --system S      purchases (default), or counts: what is kept in states, behind an internal topic, in windows; likewise
  --processes N   operating system processes that share the seeds (default: one a processor)
  --places        the seed's workload without random faults, with a crash at every place of every call in turn
  --pairs         with --places: then at every two of them, those nearest to each other first
  --enumerate     a system of one partition, three records and one crash, in every order that there is
  --prove         puts each seeded bug of spec/simulation/bugs into a copy of the sources, and counts the seeds that it takes to find
                  it, from five starts; then runs as many without a bug, which must find nothing
  --bug NAME      with --prove: this one alone
  --keep-going    goes on after a violation, and counts
  --json          one JSON object on stdout

A violation is shrunk and told, with the line to add to spec/simulation/kept.jsonl: every run of the tests repeats what is there.
Marks are what rarely happens: of 10,000 seeds or more, each that spec/simulation/declared-marks.ts declares must have been hit.
With --prove a bug that is not found within N seeds (default 1,000) is a failure.
The last line is the result. Exit codes: 0 every invariant held, 1 it did not, 2 wrong usage.`;

export function simulateArguments(args: readonly string[]): SimulateArguments {
  const values = parsed(args);
  const names = (values.faults ?? 'all').split(',').filter(name => name !== '');
  const unknown = names.find(name => name !== 'all' && !faultKinds.includes(name as FaultKind));
  if (unknown !== undefined) throw new UsageError(`There is no fault ${unknown}`);
  const guarantee = guaranteeOf(values.guarantee);
  const system = systemOf(values.system);
  const bugs = bugsOf(guarantee, system).map(({ name }) => name);
  if (values.bug !== undefined && !bugs.includes(values.bug))
    throw new UsageError(`There is no seeded bug ${values.bug}, but ${bugs.join(', ')}`);
  const seed = wholeNumber('seed', values.seed);
  return {
    from: seed ?? wholeNumber('from', values.from) ?? 1,
    seeds: seed === undefined ? (wholeNumber('seeds', values.seeds) ?? (values.prove ? 1000 : 200)) : 1,
    minutes: values.minutes === undefined ? undefined : positive('minutes', values.minutes),
    kinds: names.includes('all') ? faultKinds : faultKinds.filter(kind => names.includes(kind)),
    processes: wholeNumber('processes', values.processes) ?? availableParallelism(),
    what: values.prove ? 'proof' : values.places ? 'places' : values.enumerate ? 'orders' : 'seeds',
    bug: values.bug,
    pairs: values.pairs ?? false,
    guarantee,
    system,
    keepGoing: values['keep-going'] ?? false,
    json: values.json ?? false,
  };
}

function parsed(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    const options = {
      ...{ seed: text, seeds: text, from: text, minutes: text, faults: text, processes: text, bug: text },
      guarantee: text,
      system: text,
      ...{ 'keep-going': flag, json: flag, places: flag, pairs: flag, enumerate: flag, prove: flag },
    };
    return parseArgs({ args: [...args], options, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message.replace(/\..*$/s, '') : String(error));
  }
}

function guaranteeOf(text = 'at-least-once'): Guarantee {
  if (text === 'at-least-once' || text === 'exactly-once') return text;
  throw new UsageError(`--guarantee is at-least-once or exactly-once, not ${text}`);
}

function systemOf(text = 'purchases'): System {
  const found = systems.find(name => name === text);
  if (found !== undefined) return found;
  throw new UsageError(`--system is ${systems.join(' or ')}, not ${text}`);
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
