import { join } from 'node:path';
import { run, tellingLine } from '../../spec/kafka/run.js';
import type { BenchmarkOptions, Outcome, Tell } from '../benchmark.js';
import { type BenchBroker, withBenchBroker } from '../flow/bench-broker.js';
import { prepareContestants } from '../peers/contestants.js';
import type { ContestantName } from '../peers/peer-names.js';
import { outputTopics } from '../peers/plan.js';
import { shownSpread, spreadOf } from '../spread.js';
import type { LoadPlan, LoadReport } from './load-plan.js';

const partitions = 4;
const rates = [1000, 10_000] as const;
const targetP99Ms = 10;
/** The JVM and V8 have compiled what there is to compile. */
const warmUpSeconds = 10;
const measuredSeconds = 10;
const timeoutMs = 300_000;

interface Case {
  readonly name: ContestantName;
  readonly perSecond: number;
  readonly reports: LoadReport[];
}

/**
 * From the time at which a purchase is due in `transactions` until its output is read from `purchases`, at a steady rate, with the
 * whole topology in between. Reads nothing back: the generator ends when every purchase has come out.
 */
export async function measureLatency({ rounds, peers = [] }: BenchmarkOptions, tell: Tell): Promise<Outcome> {
  const cases = await withBenchBroker(async broker => {
    const contestants = await prepareContestants(broker.folder, peers);
    const all: readonly Case[] = rates.flatMap(perSecond =>
      contestants.names.map(name => ({ name, perSecond, reports: [] })),
    );
    for (let round = 1; round <= rounds; round++) {
      for (const { name, perSecond, reports } of all) {
        tell(`latency: ${name} at ${perSecond.toLocaleString('en-US')}/s, round ${round} of ${rounds}`);
        const records = perSecond * (warmUpSeconds + measuredSeconds);
        const warmUp = perSecond * warmUpSeconds;
        const group = `latency-${name}-${perSecond}-${round}`;
        const common = { brokers: broker.brokers, group, input: 'transactions', records, warmUp };
        await broker.freshTopics(['transactions', ...outputTopics], partitions);
        const contestant = contestants.run(name, { ...common, tuning: 'latency' });
        // When the contestant fails, the load would wait for ever for what does not come.
        reports.push(await Promise.race([load(broker, { ...common, perSecond }), contestant.then(never)]));
        await contestant;
      }
    }
    return all;
  });

  const measured = cases.map(({ name, perSecond, reports }) => {
    const spread = (figure: keyof LoadReport) => spreadOf(reports.map(report => report[figure]));
    return {
      ...{ name, perSecond, p50Ms: spread('p50Ms'), p99Ms: spread('p99Ms'), p999Ms: spread('p999Ms') },
      ...{ maxMs: spread('maxMs'), sentLateMs: spread('sentLateMs'), writtenP99Ms: spread('writtenP99Ms') },
    };
  });
  const own = measured.filter(({ name }) => name === 'kafka-rx');
  const worst = Math.max(...own.map(({ p99Ms }) => p99Ms.median));
  return {
    lines: [
      `ms from a purchase's due time to its output in a reader's hands, ${partitions} partitions, acks=all everywhere; ${measuredSeconds} s after ${warmUpSeconds} s of warm-up`,
      `median (min–max) of ${rounds} rounds; late: by how much the generator itself was late at worst; written: p99 until acknowledged in the input, without the contestant`,
      `  ${''.padEnd(24)} ${['p50', 'p99', 'p99.9', 'max', 'late', 'written']
        .map(head => head.padEnd(20))
        .join(' ')
        .trimEnd()}`,
      ...measured.map(each =>
        `  ${`${each.name} ${each.perSecond.toLocaleString('en-US')}/s`.padEnd(24)} ${[each.p50Ms, each.p99Ms, each.p999Ms, each.maxMs, each.sentLateMs, each.writtenP99Ms].map(spread => shownSpread(spread, 1).padEnd(20)).join(' ')}`.trimEnd(),
      ),
    ],
    verdict: `p99 of kafka-rx at most ${worst.toFixed(1)} ms at ${rates.map(rate => rate.toLocaleString('en-US')).join(' and ')}/s, target ${targetP99Ms}`,
    pass: worst <= targetP99Ms,
    figures: { targetP99Ms, worstP99Ms: worst, contestants: measured },
  };
}

/** A contestant that ends well leaves the verdict to the load, which may still be reading. */
function never(): Promise<never> {
  return new Promise(() => {});
}

async function load(broker: BenchBroker, plan: LoadPlan): Promise<LoadReport> {
  const program = join(broker.folder, 'js', 'bench', 'latency', 'load.js');
  const { code, stdout, stderr } = await run(process.execPath, [program, JSON.stringify(plan)], timeoutMs);
  if (code !== 0) throw new Error(`the load generator failed: ${tellingLine(`${stderr}\n${stdout}`)}`);
  // bench/latency/load.ts wrote it, of this version.
  return JSON.parse(stdout) as LoadReport;
}
