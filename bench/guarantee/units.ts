import type { BenchmarkOptions, Outcome, Tell } from '../benchmark.js';
import { type BenchBroker, withBenchBroker } from '../flow/bench-broker.js';
import { loadInput } from '../flow/flow-input.js';
import { measuredSeconds, type PlayedLoad, playLoad, warmUpSeconds } from '../latency/play-load.js';
import { type Contestants, prepareContestants } from '../peers/contestants.js';
import { cpuUsOf, rateOf } from '../peers/per-purchase.js';
import { playFlow } from './play-flow.js';
import { type UnitFigures, unitsVerdictOf } from './units-verdict.js';

const partitionCounts = [4, 100, 1_000] as const;
const loads = [
  { partitions: 4, intervalMs: 100 },
  { partitions: 4, intervalMs: 20 },
  { partitions: 100, intervalMs: 100 },
] as const;
const warmUp = 100_000;
const defaultRecords = 200_000;
const perSecond = 1_000;

/**
 * What a unit of work for each partition costs: the purchase flow exactly once at few partitions and at many, its outputs read back;
 * and how soon outputs are seen at several intervals.
 */
export async function measureUnits(
  { rounds, records = defaultRecords }: BenchmarkOptions,
  tell: Tell,
): Promise<Outcome> {
  return withBenchBroker(async broker => {
    const contestants = await prepareContestants(broker.folder, []);
    const flows = partitionCounts.map(
      (partitions): UnitFigures => ({ partitions, throughput: [], cpuUs: [] }),
    );
    const latencies = loads.map(load => ({ ...load, reports: [] as PlayedLoad[] }));
    for (let round = 0; round <= rounds; round++) {
      for (const figures of flows) {
        const { partitions } = figures;
        // The broker, which compiles too: nothing of it counts, and few partitions will do.
        if (round === 0 && partitions !== partitionCounts[0]) continue;
        tell(
          round === 0
            ? 'units: warming up the broker'
            : `units: ${partitions} partitions, round ${round} of ${rounds}`,
        );
        const report = await flowOf(broker, contestants, partitions, warmUp + records, round);
        if (round === 0) continue;
        figures.throughput.push(rateOf(report));
        figures.cpuUs.push(cpuUsOf(report));
      }
    }
    for (let round = 1; round <= rounds; round++) {
      for (const { partitions, intervalMs, reports } of latencies) {
        tell(
          `units: ${perSecond.toLocaleString('en-US')}/s, ${partitions} partitions every ${intervalMs} ms, round ${round} of ${rounds}`,
        );
        reports.push(
          await playLoad(broker, contestants, {
            ...{ name: 'kafka-rx', guarantee: 'exactly-once', intervalMs, perSecond },
            ...{ partitions, tuning: 'latency', readCommitted: true },
            group: `latency-${partitions}-${intervalMs}-${round}`,
          }),
        );
      }
    }
    const { lines, ...outcome } = unitsVerdictOf(flows, latencies);
    return {
      ...outcome,
      lines: [
        `${records.toLocaleString('en-US')} purchases after ${warmUp.toLocaleString('en-US')} of warm-up, exactly once, input and three outputs of so many partitions; ${rounds} rounds in turn`,
        `latency: at ${perSecond.toLocaleString('en-US')}/s, until a reader of committed records has it; ${measuredSeconds} s after ${warmUpSeconds} s of warm-up`,
        ...lines,
        'outputs: read back committed after every run, the same by count and checksum of partition, key and value',
      ],
    };
  });
}

async function flowOf(
  broker: BenchBroker,
  contestants: Contestants,
  partitions: number,
  records: number,
  round: number,
): ReturnType<typeof playFlow> {
  await broker.freshTopics(['transactions'], partitions);
  const expected = await loadInput(broker.brokers, 'transactions', records, partitions);
  return playFlow(broker, contestants, {
    ...{ title: 'kafka-rx exactly-once', name: 'kafka-rx', guarantee: 'exactly-once' },
    ...{ group: `units-${partitions}-${round}`, records, warmUp, partitions, expected },
    reading: () => {},
  });
}
