import type { Outcome } from '../benchmark.js';
import type { ContestantName } from '../peers/peer-names.js';
import type { Plan } from '../peers/plan.js';
import { shownSpread, spreadOf } from '../spread.js';
import type { LoadReport } from './load-plan.js';

/** One contestant at one rate, a report a round. */
export interface MeasuredLatency {
  readonly name: ContestantName;
  readonly tuning: Plan['tuning'];
  readonly perSecond: number;
  readonly reports: readonly LoadReport[];
}

const targetP99Ms = 10;
/**
 * Of what Kafka Streams needs with its own settings, at the rate at which these make it wait: at a higher one its batches are full
 * before, and a tenth of that would be less than a write to the input takes.
 */
const targetShare = { perSecond: 1000, share: 0.1 };

/** The share of Kafka Streams is taken within a round, since the machine may change from one to the next, and the median then. */
export function latencyVerdictOf(measured: readonly MeasuredLatency[]): Outcome {
  const contestants = measured.map(({ name, tuning, perSecond, reports }) => {
    const spread = (figure: keyof LoadReport) => spreadOf(reports.map(report => report[figure]));
    return {
      ...{ name, tuning, perSecond },
      ...{ p50Ms: spread('p50Ms'), p99Ms: spread('p99Ms'), p999Ms: spread('p999Ms'), maxMs: spread('maxMs') },
      ...{ sentLateMs: spread('sentLateMs'), writtenP99Ms: spread('writtenP99Ms') },
    };
  });
  const own = contestants.filter(({ name }) => name === 'kafka-rx');
  if (own.length === 0) throw new Error('kafka-rx did not run');
  const shares = measured.flatMap(({ name, tuning, perSecond, reports }) => {
    if (name !== 'kafka-streams' || tuning !== 'as-it-comes') return [];
    const ours = measured.find(each => each.name === 'kafka-rx' && each.perSecond === perSecond)?.reports;
    const share = spreadOf(reports.map(({ p99Ms }, round) => (ours?.[round]?.p99Ms ?? Number.NaN) / p99Ms));
    return [{ perSecond, share }];
  });

  const missed = [
    ...own.filter(({ p99Ms }) => !(p99Ms.median <= targetP99Ms)).map(({ perSecond }) => atRate(perSecond)),
    ...shares
      .filter(
        ({ perSecond, share }) => perSecond === targetShare.perSecond && !(share.median <= targetShare.share),
      )
      .map(({ perSecond }) => `${atRate(perSecond)} beside Kafka Streams`),
  ];
  const shown = own
    .map(({ perSecond, p99Ms }) => `${p99Ms.median.toFixed(1)} ms ${atRate(perSecond)}`)
    .join(', ');
  return {
    lines: [
      ` ${''.padEnd(36)} ${['p50', 'p99', 'p99.9', 'max', 'late', 'written'].map(head => head.padEnd(20)).join(' ')}`.trimEnd(),
      ...contestants.map(each =>
        ` ${titleOf(each).padEnd(36)} ${[each.p50Ms, each.p99Ms, each.p999Ms, each.maxMs, each.sentLateMs, each.writtenP99Ms].map(spread => shownSpread(spread, 1).padEnd(20)).join(' ')}`.trimEnd(),
      ),
      ...shares.map(
        ({ perSecond, share }) =>
          `p99 of kafka-rx as a share of that of Kafka Streams as it comes, ${atRate(perSecond)}, by round: ${shownSpread(share, 3)}${perSecond === targetShare.perSecond ? ` (≤ ${targetShare.share})` : ''}`,
      ),
    ],
    verdict: `p99 of kafka-rx ${shown}, target ${targetP99Ms} ms${missed.length === 0 ? '' : `; missed ${missed.join(', ')}`}`,
    pass: missed.length === 0,
    figures: { targetP99Ms, targetShare, contestants, shares },
  };
}

function atRate(perSecond: number): string {
  return `at ${perSecond.toLocaleString('en-US')}/s`;
}

function titleOf({ name, tuning, perSecond }: Omit<MeasuredLatency, 'reports'>): string {
  return `${name}${tuning === 'as-it-comes' ? ', as it comes' : ''} ${perSecond.toLocaleString('en-US')}/s`;
}
