/** One contestant of `bench overhead`, named by the first argument, in a process of its own; prints a report as its last line. */
import type { MaskedPurchase } from '../../demos/purchases/model.js';
import { cpuNs } from '../cpu-time.js';
import { NullProducer, type Output } from '../null-producer.js';
import { NullStore } from '../null-store.js';
import { purchaseLogs, purchasePartitions } from '../purchase-logs.js';
import { spreadOf } from '../spread.js';
import { contestants, type Name } from './contestants.js';

export interface OverheadReport {
  readonly purchases: number;
  /** A purchase, all threads: the median of the process's runs. */
  readonly cpuNs: number;
  readonly wallNs: number;
  readonly outputs: Readonly<Record<string, Output>>;
}

const purchasesPerRun = 209_000;
const warmUps = 2;
const measured = 5;

// bench/overhead/overhead.ts started it, of this version.
const name = process.argv[2] as Name;
const partitions = await purchasePartitions();

const first = await run(true);
const runs: { readonly cpuNs: number; readonly wallNs: number }[] = [];
for (let i = 0; i < warmUps + measured; i++) {
  const { outputs, ...figures } = await run(false);
  if (i >= warmUps) runs.push(figures);
  for (const [topic, { records, bytes }] of Object.entries(outputs)) {
    const expected = first.outputs[topic];
    if (records !== expected?.records || (topic !== 'history' && bytes !== expected.bytes))
      throw new Error(`'${name}' wrote other records to ${topic} than in the run that was compared`);
  }
}
const report: OverheadReport = {
  purchases: first.purchases,
  cpuNs: spreadOf(runs.map(each => each.cpuNs)).median,
  wallNs: spreadOf(runs.map(each => each.wallNs)).median,
  outputs: first.outputs,
};
process.stdout.write(`${JSON.stringify(report)}\n`);

async function run(checking: boolean): Promise<OverheadReport> {
  const logs = purchaseLogs(partitions, purchasesPerRun);
  const producer = new NullProducer(logs.length, checking);
  const store = new NullStore<MaskedPurchase>({ checking });
  const purchases = logs.reduce((sum, log) => sum + log.count, 0);
  const wallFrom = performance.now();
  const cpuFrom = cpuNs();
  await contestants[name].run(logs, producer, store);
  return {
    purchases,
    cpuNs: (cpuNs() - cpuFrom) / purchases,
    wallNs: ((performance.now() - wallFrom) * 1e6) / purchases,
    outputs: { ...producer.written(), history: store.written() },
  };
}
