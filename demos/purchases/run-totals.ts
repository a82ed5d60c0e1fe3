import type { Guarantee } from './option-values.js';

/** What a run did; `--json` ends standard output with these, in this order. */
export interface RunTotals {
  /** Records read from `transactions`. */
  readonly consumed: number;
  /** Records that were acknowledged in the topic of that name. */
  readonly patterns: number;
  readonly rewards: number;
  readonly purchases: number;
  /** Purchases that are durable in the history. */
  readonly stored: number;
  /** Purchases that were left out, of one topic or of all. */
  readonly skipped: number;
  /** Dead letters written: one for each branch that a purchase failed in. */
  readonly deadLettered: number;
  /** From the first record to the last that was settled: without the wait before and the idle wait after. */
  readonly seconds: number;
  /** consumed / seconds, to one decimal. */
  readonly recordsPerSecond: number;
  /** Under exactly once the topics hold each record once for readers of committed records; what is counted above may have been dropped. */
  readonly guarantee: Guarantee;
}

export type RunCounts = Omit<RunTotals, 'seconds' | 'recordsPerSecond' | 'guarantee'>;

/** @param busyMs milliseconds from the first record to the last that was settled; 0 when there was none */
export function runTotals(counts: RunCounts, busyMs: number, guarantee: Guarantee): RunTotals {
  const { consumed, patterns, rewards, purchases, stored, skipped, deadLettered } = counts;
  const recordsPerSecond = busyMs > 0 ? Math.round((consumed * 10_000) / busyMs) / 10 : 0;
  const seconds = Math.round(busyMs) / 1000;
  return {
    ...{ consumed, patterns, rewards, purchases, stored, skipped, deadLettered },
    ...{ seconds, recordsPerSecond, guarantee },
  };
}

/** The line that `--json` prints, without a line feed. */
export function totalsAsJson(totals: RunTotals): string {
  return JSON.stringify(totals);
}
