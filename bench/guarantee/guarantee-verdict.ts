import type { Outcome } from '../benchmark.js';
import type { LoadReport } from '../latency/load-plan.js';
import { ratioSpread, type Spread, shownSpread, spreadOf } from '../spread.js';
import type { Row } from './rows.js';

/** One row's figures, one of each a round. */
export interface MeasuredRow extends Row {
  /** Purchases a second. */
  readonly throughput: readonly number[];
  /** CPU a purchase, µs, all threads of the process. */
  readonly cpuUs: readonly number[];
  readonly latency: readonly LoadReport[];
}

const exactly = 'kafka-rx exactly-once';
const targetP99Ms = 150;

/** What a row is held to in relation to another one; without bounds it is only shown. */
interface Relation {
  readonly row: string;
  readonly to: string;
  readonly throughput?: number;
  readonly cpu?: number;
}

const relations: readonly Relation[] = [
  { row: exactly, to: 'kafka-rx at-least-once', throughput: 0.9, cpu: 1.25 },
  { row: exactly, to: 'kafka-streams exactly-once', throughput: 1.5, cpu: 0.6 },
  { row: 'kafka-rx at-least-once', to: 'kafka-streams at-least-once' },
  { row: 'kafka-streams exactly-once', to: 'kafka-streams at-least-once' },
];

/**
 * Ratios are taken within a round, and their median then.
 *
 * @param perSecond the rate at which the latency was measured
 */
export function guaranteeVerdictOf(measured: readonly MeasuredRow[], perSecond: number): Outcome {
  const rows = measured.map(({ title, throughput, cpuUs, latency }) => ({
    title,
    throughput: spreadOf(throughput),
    cpuUs: spreadOf(cpuUs),
    p50Ms: spreadOf(latency.map(({ p50Ms }) => p50Ms)),
    p99Ms: spreadOf(latency.map(({ p99Ms }) => p99Ms)),
  }));
  const comparisons = relations.flatMap(relation => {
    const [row, to] = [relation.row, relation.to].map(title => measured.find(one => one.title === title));
    if (row === undefined || to === undefined) return [];
    const throughput = ratioSpread(row.throughput, to.throughput);
    const cpu = ratioSpread(row.cpuUs, to.cpuUs);
    const met =
      throughput.median >= (relation.throughput ?? 0) &&
      cpu.median <= (relation.cpu ?? Number.POSITIVE_INFINITY);
    return [{ ...relation, measured: { throughput, cpu }, met }];
  });
  const own = rows.find(({ title }) => title === exactly);
  const missed = comparisons.filter(({ met }) => !met).map(({ to }) => `beside ${to}`);
  if (own !== undefined && own.p99Ms.median > targetP99Ms) missed.push(`p99 of ${targetP99Ms} ms`);
  const rate = `${perSecond.toLocaleString('en-US')}/s`;
  const title = rows.map(row => row.title.length).reduce((a, b) => Math.max(a, b), 0);
  const shown = own ?? rows[0];
  if (shown === undefined) throw new Error('nobody ran');
  return {
    lines: [
      ` ${'median (min–max)'.padEnd(title)}  ${'purchases/s'.padEnd(28)} ${'CPU µs a purchase'.padEnd(20)} ${`p50 ms at ${rate}`.padEnd(22)} p99 ms at ${rate}`,
      ...rows.map(
        row =>
          ` ${row.title.padEnd(title)}  ${shownSpread(row.throughput).padEnd(28)} ${shownSpread(row.cpuUs, 1).padEnd(20)} ${shownSpread(row.p50Ms, 1).padEnd(22)} ${shownSpread(row.p99Ms, 1)}`,
      ),
      ...(comparisons.length === 0 ? [] : ['in relation, by round']),
      ...comparisons.map(
        ({ row, to, throughput, cpu, measured: ratio, met }) =>
          ` ${row} to ${to}: throughput ${bounded(ratio.throughput, '≥', throughput)}, CPU ${bounded(ratio.cpu, '≤', cpu)}${throughput === undefined && cpu === undefined ? '' : met ? ': met' : ': missed'}`,
      ),
    ],
    verdict: `${shown.title} ${shown.throughput.median.toLocaleString('en-US', { maximumFractionDigits: 0 })} purchases/s at ${shown.cpuUs.median.toFixed(1)} µs of CPU, p99 ${shown.p99Ms.median.toFixed(1)} ms at ${rate}${own === undefined ? `; without ${exactly} there is nothing to judge` : missed.length === 0 ? ', every target met' : `; targets missed: ${missed.join(', ')}`}`,
    pass: own === undefined ? undefined : missed.length === 0,
    figures: { perSecond, targetP99Ms, leftOut: own === undefined ? [exactly] : [], rows, comparisons },
  };
}

function bounded(spread: Spread, sign: string, bound: number | undefined): string {
  return `${shownSpread(spread, 2)}${bound === undefined ? '' : ` (${sign} ${bound})`}`;
}
