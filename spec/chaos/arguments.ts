import { parseArgs } from 'node:util';
import type { NodeCount } from '../kafka/settings.js';
import type { Fault } from './fault.js';
import { allFaults } from './faults/all.js';
import {
  type BugName,
  bugNames,
  type DriverPath,
  type Guarantee,
  guarantees,
  isUnitBug,
} from './messages.js';
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
  /** Of the app under test. */
  readonly guarantee: Guarantee;
  /** The run is the acceptance of exactly once. */
  readonly accepts: boolean;
  /** Inputs a second. */
  readonly rate: number;
  /** App processes that are there all the time. */
  readonly members: number;
  readonly json: boolean;
}

const ofFaults = { rate: 500, members: 2 };
const ofAcceptance = { rate: 2_000, members: 3 };
/** Nothing to the acceptance of exactly once, whose faults are what they are. */
const strangers = ['minutes', 'bug', 'path'] as const;

const stopDuringEach = 'stop-during-each';

export const help = `npm run chaos -- [--seed TEXT] [--minutes N] [--faults LIST] [--nodes 1|3] [--rate N] [--members N] [--path fast|stock] [--guarantee NAME] [--bug NAME] [--json]

Runs the purchases app on a real Kafka under load, injects faults, heals, and checks that nothing was lost; under exactly once also
that nothing is there twice, for readers of committed records: then the load has 20,000 keys, and 1 % of it is poison.

  --seed      what the plan is drawn from; the same seed gives the same plan (default 1)
  --minutes   how long faults go on; the first round of all faults is always whole (default 5)
  --faults    names with commas between them, or all (default all): ${[...allFaults.map(({ name }) => name), stopDuringEach].join(', ')}
  --nodes     brokers, 1 or 3 (default 1)
  --rate      inputs a second (default 500)
  --members   app processes (default 2)
  --path      of the kafkajs driver (default fast); what stock cannot hold is declared in spec/chaos/stock-path.ts and told apart
  --guarantee of the app: ${guarantees.join(' or ')} (default at-least-once). exactly-once without --faults is its acceptance: 20,000 keys, poison among
              them, every app process killed in turn, and brokers, lines and processes disturbed in between, in an order that the seed gives;
              2,000 inputs a second and 3 members by default; takes --seed, --nodes, --rate, --members and --json
  --bug       puts a bug into the app, to prove the checker; the run must fail: ${bugNames.join(', ')}
  --json      prints the report as one line of JSON

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
  const guarantee = guarantees.find(name => name === (values.guarantee ?? 'at-least-once'));
  if (guarantee === undefined)
    throw new UsageError(`--guarantee is ${guarantees.join(' or ')}, not ${values.guarantee}`);
  const accepts = guarantee === 'exactly-once' && values.faults === undefined;
  const stranger = accepts ? strangers.find(name => values[name] !== undefined) : undefined;
  if (stranger !== undefined)
    throw new UsageError(`--guarantee exactly-once takes no --${stranger} without --faults`);
  if (guarantee === 'exactly-once' && path === 'stock')
    throw new UsageError('--guarantee exactly-once needs --path fast: the stock path has no transactions');
  if (guarantee !== 'exactly-once' && bug !== undefined && isUnitBug(bug))
    throw new UsageError(`--bug ${bug} needs --guarantee exactly-once`);
  const standard = accepts ? ofAcceptance : ofFaults;
  const names = (values.faults ?? 'all').split(',').filter(name => name !== '');
  return {
    seed: values.seed ?? '1',
    minutes: numberOf('minutes', values.minutes, 5),
    faults: faultsOf(names, { nodes, path, guarantee }),
    stopDuring: names.includes(stopDuringEach) || names.includes('all'),
    nodes,
    bug,
    path,
    guarantee,
    accepts,
    rate: numberOf('rate', values.rate, standard.rate),
    members: numberOf('members', values.members, standard.members),
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
        guarantee: text,
      },
      json: { type: 'boolean' } as const,
    };
    return parseArgs({ args: [...args], options, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message.replace(/\..*$/s, '') : String(error));
  }
}

function faultsOf(
  names: readonly string[],
  { nodes, path, guarantee }: Pick<ChaosArguments, 'nodes' | 'path' | 'guarantee'>,
): readonly Fault[] {
  const needs = ({ name, threeNodes, ofUnits }: Fault): string | undefined => {
    if (threeNodes === true && nodes !== 3) return '--nodes 3';
    if (path !== 'fast' && faultsOfFastPath.includes(name)) return '--path fast';
    return ofUnits === true && guarantee !== 'exactly-once' ? '--guarantee exactly-once' : undefined;
  };
  const fitting = allFaults.filter(fault => needs(fault) === undefined);
  const wanted = names.filter(name => name !== stopDuringEach);
  if (wanted.length === 0 || wanted.includes('all')) return names.length === 0 ? [] : fitting;
  return wanted.map(name => {
    const fault = allFaults.find(one => one.name === name);
    if (fault === undefined) throw new UsageError(`There is no fault ${name}`);
    const needed = needs(fault);
    if (needed !== undefined) throw new UsageError(`The fault ${name} needs ${needed}`);
    return fault;
  });
}

function numberOf(name: string, text: string | undefined, standard: number): number {
  const value = Number(text ?? standard);
  if (value > 0) return value;
  throw new UsageError(`--${name} is a number above 0, not ${text}`);
}
