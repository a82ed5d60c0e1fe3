import { parseArgs } from 'node:util';
import type { NodeCount } from '../kafka/settings.js';
import type { Fault } from './fault.js';
import { allFaults } from './faults/all.js';
import { type BugName, bugNames, type DriverPath } from './messages.js';
import { faultsOfFastPath } from './stock-path.js';

/** Arguments that cannot be: exit code 2. */
export class UsageError extends Error {}

export interface ChaosArguments {
  readonly seed: string;
  readonly minutes: number;
  readonly faults: readonly Fault[];
  /** Besides, each fault is repeated with a member stopped during it. */
  readonly stopDuring: boolean;
  readonly nodes: NodeCount;
  readonly bug: BugName | undefined;
  readonly path: DriverPath;
  /** Inputs a second. */
  readonly rate: number;
  /** App processes that are there all the time. */
  readonly members: number;
  readonly json: boolean;
}

const stopDuringEach = 'stop-during-each';

export const help = `npm run chaos -- [--seed TEXT] [--minutes N] [--faults LIST] [--nodes 1|3] [--rate N] [--members N] [--path fast|stock] [--bug NAME] [--json]

Runs the purchases app on a real Kafka under load, injects faults, heals, and checks that nothing was lost.

  --seed     what the plan is drawn from; the same seed gives the same plan (default 1)
  --minutes  how long faults go on; the first round of all faults is always whole (default 5)
  --faults   names with commas between them, or all (default all): ${[...allFaults.map(({ name }) => name), stopDuringEach].join(', ')}
  --nodes    brokers, 1 or 3 (default 1)
  --rate     inputs a second (default 500)
  --members  app processes (default 2)
  --path     of the kafkajs driver (default fast); what stock cannot hold is declared in spec/chaos/stock-path.ts and told apart
  --bug      puts a bug into the app, to prove the checker; the run must fail: ${bugNames.join(', ')}
  --json     prints the report as one line of JSON

Exit code 0: every invariant held; 1: it did not, or the run failed; 2: wrong usage.`;

export function chaosArguments(args: readonly string[]): ChaosArguments {
  const values = parsed(args);
  const nodes = Number(values.nodes ?? 1);
  if (nodes !== 1 && nodes !== 3) throw new UsageError(`--nodes is 1 or 3, not ${values.nodes}`);
  const bug = bugNames.find(name => name === values.bug);
  if (values.bug !== undefined && bug === undefined)
    throw new UsageError(`--bug ${values.bug} is none of ${bugNames.join(', ')}`);
  const path = values.path ?? 'fast';
  if (path !== 'fast' && path !== 'stock') throw new UsageError(`--path is fast or stock, not ${path}`);
  const names = (values.faults ?? 'all').split(',').filter(name => name !== '');
  return {
    seed: values.seed ?? '1',
    minutes: numberOf('minutes', values.minutes, 5),
    faults: faultsOf(names, nodes, path),
    stopDuring: names.includes(stopDuringEach) || names.includes('all'),
    nodes,
    bug,
    path,
    rate: numberOf('rate', values.rate, 500),
    members: numberOf('members', values.members, 2),
    json: values.json ?? false,
  };
}

function parsed(args: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    const options = {
      ...{
        seed: text,
        minutes: text,
        faults: text,
        nodes: text,
        rate: text,
        members: text,
        bug: text,
        path: text,
      },
      json: { type: 'boolean' } as const,
    };
    return parseArgs({ args: [...args], options, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message.replace(/\..*$/s, '') : String(error));
  }
}

function faultsOf(names: readonly string[], nodes: NodeCount, path: DriverPath): readonly Fault[] {
  const fitting = allFaults.filter(
    ({ name, threeNodes }) =>
      (nodes === 3 || threeNodes !== true) && (path === 'fast' || !faultsOfFastPath.includes(name)),
  );
  const wanted = names.filter(name => name !== stopDuringEach);
  if (wanted.length === 0 || wanted.includes('all')) return names.length === 0 ? [] : fitting;
  return wanted.map(name => {
    const fault = fitting.find(one => one.name === name);
    if (fault !== undefined) return fault;
    const known = allFaults.some(one => one.name === name);
    const needed = faultsOfFastPath.includes(name) ? '--path fast' : '--nodes 3';
    throw new UsageError(known ? `The fault ${name} needs ${needed}` : `There is no fault ${name}`);
  });
}

function numberOf(name: string, text: string | undefined, standard: number): number {
  const value = Number(text ?? standard);
  if (value > 0) return value;
  throw new UsageError(`--${name} is a number above 0, not ${text}`);
}
