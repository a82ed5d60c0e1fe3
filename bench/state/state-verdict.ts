import type { Outcome } from '../benchmark.js';
import type { PairName } from '../peers/pair.js';
import { ratioSpread, type Spread, shownSpread, spreadOf } from '../spread.js';

/** One contestant in one row, one of each a round. */
export interface MeasuredState {
  readonly row: string;
  readonly name: PairName;
  /** Records a second. */
  readonly throughput: readonly number[];
  /** CPU a record, µs, all threads of the process. */
  readonly cpuUs: readonly number[];
  readonly wroteMib: readonly number[];
  /** Results of one run. */
  readonly results: number;
}

/** Two rows that differ in the number of keys alone. */
export interface KeysRelation {
  readonly law: 'zipf' | 'uniform';
  readonly few: string;
  readonly many: string;
}

const targets = { throughput: 1, cpu: 0.8, zipf: 1.5 } as const;

/** Ratios are taken within a round, and their median then. */
export function stateVerdictOf(
  measured: readonly MeasuredState[],
  relations: readonly KeysRelation[],
): Outcome {
  if (measured.length === 0) throw new Error('nothing was measured');
  const comparisons = comparisonsOf(measured);
  const keys = relations.flatMap(relation => keysOf(measured, relation));
  const judged = [...comparisons, ...keys].filter(({ met }) => met !== undefined);
  const missed = judged.filter(({ met }) => met === false).map(({ what }) => what);
  const rows = measured.map(one => ({
    ...{ row: one.row, name: one.name, results: one.results, wroteMib: spreadOf(one.wroteMib) },
    ...{ throughput: spreadOf(one.throughput), cpuUs: spreadOf(one.cpuUs) },
  }));
  const own = rows.filter(({ name }) => name === 'kafka-rx').map(({ cpuUs }) => cpuUs.median);
  const cost = `kafka-rx ${Math.min(...own).toFixed(1)} to ${Math.max(...own).toFixed(1)} µs of CPU a record`;
  return {
    lines: [...linesOf(rows), ...comparisons.map(shownComparison), ...keys.map(shownKeys)],
    verdict: `${cost}${judged.length === 0 ? '; alone there is nothing to judge' : missed.length === 0 ? ', every target met' : `; targets missed: ${missed.join(', ')}`}`,
    pass: judged.length === 0 ? undefined : missed.length === 0,
    figures: { targets, rows, comparisons, keys },
  };
}

interface Comparison {
  readonly what: string;
  readonly throughput: Spread;
  readonly cpu: Spread;
  readonly met: boolean;
}

function comparisonsOf(measured: readonly MeasuredState[]): readonly Comparison[] {
  return measured.flatMap(own => {
    const peer = measured.find(({ row, name }) => row === own.row && name === 'kafka-streams');
    if (own.name !== 'kafka-rx' || peer === undefined) return [];
    const throughput = ratioSpread(own.throughput, peer.throughput);
    const cpu = ratioSpread(own.cpuUs, peer.cpuUs);
    const met = throughput.median >= targets.throughput && cpu.median <= targets.cpu;
    return [{ what: own.row, throughput, cpu, met }];
  });
}

interface KeysRatio {
  readonly what: string;
  readonly cpu: Spread;
  /** Of Kafka Streams; undefined: it did not run. */
  readonly beside: Spread | undefined;
  /** undefined: nothing to hold it to. */
  readonly most: number | undefined;
  readonly met: boolean | undefined;
}

/** What many keys cost to few: of Zipf's a fixed bound, of uniform ones what RocksDB's do. */
function keysOf(measured: readonly MeasuredState[], { law, few, many }: KeysRelation): readonly KeysRatio[] {
  const ratioOf = (who: PairName): Spread | undefined => {
    const [one, other] = [few, many].map(title =>
      measured.find(({ row, name }) => row === title && name === who),
    );
    return one && other && ratioSpread(other.cpuUs, one.cpuUs);
  };
  const cpu = ratioOf('kafka-rx');
  if (cpu === undefined) return [];
  const beside = ratioOf('kafka-streams');
  const most = law === 'zipf' ? targets.zipf : beside?.median;
  return [
    {
      what: `${many} to ${few}`,
      cpu,
      beside,
      most,
      met: most === undefined ? undefined : cpu.median <= most,
    },
  ];
}

type Rows = readonly {
  readonly row: string;
  readonly name: PairName;
  readonly results: number;
  readonly throughput: Spread;
  readonly cpuUs: Spread;
  readonly wroteMib: Spread;
}[];

function linesOf(rows: Rows): readonly string[] {
  const width = rows.map(({ row }) => row.length).reduce((a, b) => Math.max(a, b), 0);
  return [
    ` ${'median (min–max)'.padEnd(width)}  ${''.padEnd(13)}  ${'records/s'.padEnd(28)} ${'CPU µs a record'.padEnd(20)} ${'MiB to disk'.padEnd(18)} results`,
    ...rows.map(
      ({ row, name, throughput, cpuUs, wroteMib, results }) =>
        ` ${row.padEnd(width)}  ${name.padEnd(13)}  ${shownSpread(throughput).padEnd(28)} ${shownSpread(cpuUs, 1).padEnd(20)} ${shownSpread(wroteMib).padEnd(18)} ${results.toLocaleString('en-US')}`,
    ),
  ];
}

function shownComparison({ what, throughput, cpu, met }: Comparison): string {
  return ` ${what}, to kafka-streams: CPU ${shownSpread(cpu, 2)} (≤ ${targets.cpu}), throughput ${shownSpread(throughput, 2)} (≥ ${targets.throughput}): ${met ? 'met' : 'missed'}`;
}

function shownKeys({ what, cpu, beside, most, met }: KeysRatio): string {
  const peers = beside === undefined ? '' : `, of kafka-streams ${shownSpread(beside, 2)}`;
  const bound = most === undefined ? '' : ` (≤ ${most.toFixed(2)}): ${met ? 'met' : 'missed'}`;
  return ` ${what}, CPU: ${shownSpread(cpu, 2)}${peers}${bound}`;
}
