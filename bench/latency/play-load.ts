import { join } from 'node:path';
import type { BenchBroker } from '../flow/bench-broker.js';
import type { Contestants } from '../peers/contestants.js';
import type { ContestantName } from '../peers/peer-names.js';
import { cpuUsOf } from '../peers/per-purchase.js';
import { outputTopics, type Plan } from '../peers/plan.js';
import { reportOf } from '../report-of.js';
import type { LoadPlan, LoadReport } from './load-plan.js';

/** The JVM and V8 have compiled what there is to compile. */
export const warmUpSeconds = 10;
export const measuredSeconds = 10;
const timeoutMs = 300_000;

/** Whom the load is for, and how it comes. */
interface Played
  extends Pick<Plan, 'group' | 'tuning' | 'guarantee' | 'intervalMs'>,
    Pick<LoadPlan, 'readCommitted'> {
  readonly name: ContestantName;
  readonly partitions: number;
  readonly perSecond: number;
}

export interface PlayedLoad extends LoadReport {
  /** CPU of the contestant a purchase, µs, all threads of the process. */
  readonly cpuUs: number;
}

/** One contestant under a steady load, on empty topics, until every purchase has come out. */
export async function playLoad(
  broker: BenchBroker,
  contestants: Contestants,
  { name, partitions, perSecond, tuning, group, guarantee, intervalMs, readCommitted }: Played,
): Promise<PlayedLoad> {
  const plan = {
    ...{ brokers: broker.brokers, input: 'transactions', group },
    ...{ records: perSecond * (warmUpSeconds + measuredSeconds), warmUp: perSecond * warmUpSeconds },
  };
  await broker.freshTopics(['transactions', ...outputTopics], partitions);
  const contestant = contestants.run(name, { ...plan, tuning, intervalMs, ...(guarantee && { guarantee }) });
  const loadPlan: LoadPlan = { ...plan, perSecond, ...(readCommitted && { readCommitted }) };
  // When the contestant fails, the load would wait for ever for what does not come.
  const report = await Promise.race([load(broker, loadPlan), contestant.then(never)]);
  return { ...report, cpuUs: cpuUsOf(await contestant) };
}

/** A contestant that ends well leaves the verdict to the load, which may still be reading. */
function never(): Promise<never> {
  return new Promise(() => {});
}

function load(broker: BenchBroker, plan: LoadPlan): Promise<LoadReport> {
  const program = join(broker.folder, 'js', 'bench', 'latency', 'load.js');
  return reportOf<LoadReport>('the load generator', [program, JSON.stringify(plan)], timeoutMs);
}
