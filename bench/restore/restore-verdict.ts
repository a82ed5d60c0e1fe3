import type { Outcome } from '../benchmark.js';
import type { PairName } from '../peers/pair.js';
import { ratioSpread, type Spread, shownSpread, spreadOf } from '../spread.js';
import type { RestoreReport } from './restore-plan.js';

/** What a task begins with: nothing, so that all is read from the changelog, or the folder that it had. */
export type RestoreRow = 'memory' | 'disk' | 'restart';

/** One contestant in one row, one of each a round. */
export interface MeasuredRestore {
  readonly row: RestoreRow;
  readonly name: PairName;
  readonly reports: readonly RestoreReport[];
}

const targets = { throughput: 1, restartMs: 2_000 } as const;

/**
 * Ratios are taken within a round, and their median then.
 *
 * @param keys of the state
 * @param bytes of a row, key and value
 */
export function restoreVerdictOf(measured: readonly MeasuredRestore[], keys: number, bytes: number): Outcome {
  const rows = measured.map(({ row, name, reports }) => ({
    ...{ row, name, readyMs: spreadOf(reports.map(({ readyMs }) => readyMs)) },
    perSecond: row === 'restart' ? undefined : spreadOf(ratesOf(reports, keys)),
    cpuMs: spreadOf(reports.map(({ cpuMs }) => cpuMs)),
  }));
  const judged = [...comparisonsOf(measured, keys), ...restartOf(measured)];
  const missed = judged.filter(({ met }) => !met).map(({ what }) => what);
  const best = rows.find(({ name, perSecond }) => name === 'kafka-rx' && perSecond !== undefined);
  const restart = rows.find(({ name, row }) => name === 'kafka-rx' && row === 'restart');
  const rate = best?.perSecond?.median ?? 0;
  return {
    lines: [
      ` ${'median (min–max)'.padEnd(18)}  ${''.padEnd(13)}  ${'rows/s'.padEnd(30)} ${'MB/s'.padEnd(8)} ${'ms until ready'.padEnd(24)} CPU ms`,
      ...rows.map(
        ({ row, name, perSecond, readyMs, cpuMs }) =>
          ` ${about[row].padEnd(18)}  ${name.padEnd(13)}  ${(perSecond === undefined ? '' : shownSpread(perSecond)).padEnd(30)} ${(perSecond === undefined ? '' : ((perSecond.median * bytes) / 1e6).toFixed(1)).padEnd(8)} ${shownSpread(readyMs).padEnd(24)} ${shownSpread(cpuMs)}`,
      ),
      ...judged.map(({ what, shown, met }) => ` ${what}: ${shown}: ${met ? 'met' : 'missed'}`),
    ],
    verdict: `kafka-rx restores ${rate.toLocaleString('en-US', { maximumFractionDigits: 0 })} rows/s, ${((rate * bytes) / 1e6).toFixed(1)} MB/s${restart === undefined ? '' : `, and is there again after ${restart.readyMs.median.toFixed(0)} ms`}${missed.length === 0 ? ', every target met' : `; targets missed: ${missed.join(', ')}`}`,
    pass: missed.length === 0,
    figures: { targets, keys, bytes, rows, judged },
  };
}

const about: Readonly<Record<RestoreRow, string>> = {
  memory: 'restore, memory',
  disk: 'restore, disk',
  restart: 'restart, disk',
};

interface Judged {
  readonly what: string;
  readonly shown: string;
  readonly ratio: Spread;
  readonly met: boolean;
}

function comparisonsOf(measured: readonly MeasuredRestore[], keys: number): readonly Judged[] {
  return measured.flatMap(own => {
    const peer = measured.find(({ row, name }) => row === own.row && name === 'kafka-streams');
    if (own.name !== 'kafka-rx' || own.row === 'restart' || peer === undefined) return [];
    const ratio = ratioSpread(ratesOf(own.reports, keys), ratesOf(peer.reports, keys));
    const shown = `${shownSpread(ratio, 2)} times as fast (≥ ${targets.throughput})`;
    return [
      {
        what: `${about[own.row]} beside kafka-streams`,
        shown,
        ratio,
        met: ratio.median >= targets.throughput,
      },
    ];
  });
}

function restartOf(measured: readonly MeasuredRestore[]): readonly Judged[] {
  return measured.flatMap(({ row, name, reports }) => {
    if (name !== 'kafka-rx' || row !== 'restart') return [];
    const ratio = spreadOf(reports.map(({ readyMs }) => readyMs));
    const shown = `${shownSpread(ratio)} ms (≤ ${targets.restartMs})`;
    return [{ what: about[row], shown, ratio, met: ratio.median <= targets.restartMs }];
  });
}

/** Rows a second. */
function ratesOf(reports: readonly RestoreReport[], keys: number): readonly number[] {
  return reports.map(({ restoreMs }) => (keys / restoreMs) * 1000);
}
