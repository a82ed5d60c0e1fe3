import type { Outcome } from '../benchmark.js';
import type { PlayedLoad } from '../latency/play-load.js';
import { ratioSpread, shownSpread, spreadOf } from '../spread.js';

/** At one number of partitions, one of each a round. */
export interface UnitFigures {
  readonly partitions: number;
  /** Purchases a second. */
  readonly throughput: number[];
  /** CPU a purchase, µs, all threads of the process. */
  readonly cpuUs: number[];
}

/** Under a steady load, one report a round. */
export interface LoadFigures {
  readonly partitions: number;
  readonly intervalMs: number;
  readonly reports: readonly PlayedLoad[];
}

const targetRatio = 1.3;
const [few, many] = [4, 100];

/** Ratios are taken within a round, and their median then. */
export function unitsVerdictOf(flows: readonly UnitFigures[], latencies: readonly LoadFigures[]): Outcome {
  const at = (wanted: number): readonly number[] =>
    flows.find(({ partitions }) => partitions === wanted)?.cpuUs ?? [];
  const ratiosTo = (wanted: number) => ratioSpread(at(wanted), at(few));
  const rows = flows.map(({ partitions, throughput, cpuUs }) => ({
    partitions,
    throughput: spreadOf(throughput),
    cpuUs: spreadOf(cpuUs),
    ratio: ratiosTo(partitions),
  }));
  const promptness = latencies.map(({ partitions, intervalMs, reports }) => ({
    ...{ partitions, intervalMs },
    cpuUs: spreadOf(reports.map(({ cpuUs }) => cpuUs)),
    p50Ms: spreadOf(reports.map(({ p50Ms }) => p50Ms)),
    p99Ms: spreadOf(reports.map(({ p99Ms }) => p99Ms)),
  }));
  const ratio = ratiosTo(many);
  return {
    lines: [
      `  ${'partitions'.padEnd(12)} ${'purchases/s'.padEnd(28)} ${'CPU µs a purchase'.padEnd(20)} CPU to that of ${few}, by round`,
      ...rows.map(
        row =>
          `  ${row.partitions.toLocaleString('en-US').padEnd(12)} ${shownSpread(row.throughput).padEnd(28)} ${shownSpread(row.cpuUs, 1).padEnd(20)} ${shownSpread(row.ratio, 2)}`,
      ),
      ...promptness.map(
        row =>
          `  ${row.partitions} partitions every ${row.intervalMs} ms: p50 ${shownSpread(row.p50Ms, 1)} ms, p99 ${shownSpread(row.p99Ms, 1)} ms, CPU ${shownSpread(row.cpuUs, 1)} µs a purchase`,
      ),
    ],
    verdict: `a purchase of ${many} partitions costs ${ratio.median.toFixed(2)} times one of ${few}, target ${targetRatio}`,
    pass: ratio.median <= targetRatio,
    figures: { targetRatio, ratio, rows, latencies: promptness },
  };
}
