import type { BenchmarkOptions, Outcome, Tell } from '../benchmark.js';
import { type BenchBroker, withBenchBroker } from '../flow/bench-broker.js';
import { type Expected, loadInput } from '../flow/flow-input.js';
import { measuredSeconds, playLoad, warmUpSeconds } from '../latency/play-load.js';
import { type Contestants, prepareContestants } from '../peers/contestants.js';
import { guaranteePeers } from '../peers/peer-names.js';
import { cpuUsOf, rateOf } from '../peers/per-purchase.js';
import type { Report } from '../peers/plan.js';
import { guaranteeVerdictOf, type MeasuredRow } from './guarantee-verdict.js';
import { playFlow } from './play-flow.js';
import { type Row, rowsOf } from './rows.js';

const partitions = 4;
/** As in `bench flow`. */
const warmUp = 150_000;
const defaultRecords = 300_000;
const perSecond = 1_000;

/** The purchase flow under both guarantees, each row in turn and in processes of its own; outputs read back committed. */
export async function measureGuarantee(options: BenchmarkOptions, tell: Tell): Promise<Outcome> {
  const { rounds, records = defaultRecords } = options;
  return withBenchBroker(async broker => {
    const contestants = await prepareContestants(broker.folder, options.peers, guaranteePeers);
    const rows = rowsOf(contestants.names);
    const flows = await playFlows(broker, contestants, rows, options, tell);
    const latencies = rows.map((): MeasuredRow['latency'][number][] => []);
    for (let round = 1; round <= rounds; round++) {
      for (const [i, { title, name, guarantee }] of rows.entries()) {
        tell(`guarantee: ${title} at ${perSecond.toLocaleString('en-US')}/s, round ${round} of ${rounds}`);
        const report = await playLoad(broker, contestants, {
          ...{ name, guarantee, partitions, perSecond, tuning: 'latency', readCommitted: true },
          group: `latency-${name}-${guarantee}-${round}`,
        });
        latencies[i]?.push(report);
      }
    }
    const measured = rows.map((row, i): MeasuredRow => {
      const reports = flows[i] ?? [];
      return {
        ...row,
        throughput: reports.map(rateOf),
        cpuUs: reports.map(cpuUsOf),
        latency: latencies[i] ?? [],
      };
    });
    const { lines, ...outcome } = guaranteeVerdictOf(measured, perSecond);
    return {
      ...outcome,
      lines: [
        `${records.toLocaleString('en-US')} purchases after ${warmUp.toLocaleString('en-US')} of warm-up, ${partitions} partitions, three outputs, acks=all; ${rounds} rounds in turn`,
        `latency: from a purchase's due time to its output in the hands of a reader of committed records; ${measuredSeconds} s after ${warmUpSeconds} s of warm-up`,
        'committed every 1,000 ms at least once, every 100 ms exactly once',
        ...contestants.missing,
        ...lines,
        'outputs: read back committed after every run, the same in all by count and checksum of partition, key and value',
      ],
    };
  });
}

async function playFlows(
  broker: BenchBroker,
  contestants: Contestants,
  rows: readonly Row[],
  { rounds, records = defaultRecords }: BenchmarkOptions,
  tell: Tell,
): Promise<readonly (readonly Report[])[]> {
  const all = warmUp + records;
  tell(`guarantee: loading ${all.toLocaleString('en-US')} purchases`);
  await broker.freshTopics(['transactions'], partitions);
  const expected: Expected = await loadInput(broker.brokers, 'transactions', all, partitions);

  const reports = rows.map((): Report[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [i, row] of rows.entries()) {
      // The broker, and what it makes at the first transaction: nothing of it counts.
      if (round === 0 && i > 0 && row.guarantee === 'at-least-once') continue;
      tell(
        round === 0
          ? 'guarantee: warming up the broker'
          : `guarantee: ${row.title}, round ${round} of ${rounds}`,
      );
      const report = await playFlow(broker, contestants, {
        ...{ ...row, group: `flow-${row.name}-${row.guarantee}-${round}`, partitions, expected },
        ...{ records: all, warmUp },
        reading: () => tell(`guarantee: ${row.title}, round ${round} of ${rounds}: reading the outputs back`),
      });
      if (round > 0) reports[i]?.push(report);
    }
  }
  return reports;
}
