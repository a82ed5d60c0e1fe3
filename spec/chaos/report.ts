import { type Evidence, type FaultRecord, outputTopics } from './evidence.js';
import type { Finding } from './findings.js';
import { duplicatesIn } from './invariants/duplicates.js';

/** What a run came to, as data. */
export interface RunReport {
  readonly inputs: number;
  readonly acknowledged: number;
  readonly logged: number;
  readonly samples: number;
  readonly commits: number;
  readonly peakRssMb: number;
  /** Under exactly once: records that were written and aborted, and processes that were killed with a transaction open. */
  readonly aborted: number | undefined;
  readonly kills: number | undefined;
  readonly slowestStopMs: number;
  readonly faults: readonly {
    readonly name: string;
    readonly inFlight: number;
    readonly recoveryMs: number | undefined;
    /** Records that an output has again, all outputs together. */
    readonly duplicates: number;
  }[];
  readonly findings: readonly Finding[];
  /** What the path is known not to hold. */
  readonly declared: readonly Finding[];
}

export function reportOf(
  evidence: Evidence,
  findings: readonly Finding[],
  declared: readonly Finding[],
): RunReport {
  const { inputs, log, samples, faults, stops, peakRssMb } = evidence;
  const repeats = new Map<FaultRecord | undefined, number>();
  for (const { fault } of duplicatesIn(evidence)) repeats.set(fault, (repeats.get(fault) ?? 0) + 1);
  return {
    inputs: inputs.length,
    acknowledged: inputs.filter(({ outcome }) => outcome === 'ok').length,
    logged: log.length,
    samples: samples.filter(({ source }) => source === 'sample').length,
    commits: samples.filter(({ source }) => source === 'commit-log').length,
    peakRssMb,
    aborted: evidence.exactlyOnce?.aborted,
    kills: evidence.exactlyOnce?.kills.filter(({ transactionOpen }) => transactionOpen).length,
    slowestStopMs: Math.max(0, ...stops.map(({ tookMs }) => tookMs)),
    faults: faults.map(fault => ({
      name: fault.name,
      inFlight: fault.inFlight,
      recoveryMs: fault.progressMs === undefined ? undefined : Math.max(0, fault.progressMs - fault.healedMs),
      duplicates: repeats.get(fault) ?? 0,
    })),
    findings,
    declared,
  };
}

/** The report for people. */
export function renderReport(report: RunReport): string {
  const lines = [row('fault', 'in flight', 'recovery', 'duplicates')];
  for (const { name, inFlight, recoveryMs, duplicates } of report.faults) {
    const recovery = recoveryMs === undefined ? 'never' : `${(recoveryMs / 1000).toFixed(1)} s`;
    lines.push(row(name, String(inFlight), recovery, String(duplicates)));
  }
  lines.push(
    '',
    `${report.inputs} inputs, ${report.acknowledged} acknowledged, ${report.logged} in the topic; ${outputTopics.length} outputs and a store`,
    `${report.samples} samples and ${report.commits} commits judged; slowest stop ${report.slowestStopMs} ms; ${report.peakRssMb} MiB at most`,
  );
  if (report.aborted !== undefined)
    lines.push(
      `Exactly once: ${report.aborted} records were aborted; ${report.kills} processes were killed with a transaction open`,
    );
  for (const { invariant, count, first } of report.declared) {
    lines.push(
      '',
      `Not held, as declared, ${count} times: ${invariant}`,
      ...first.map(detail => `  ${detail}`),
    );
  }
  return `${lines.join('\n')}\n${renderFindings(report.findings)}`;
}

/** What was violated, and how at first. */
export function renderFindings(findings: readonly Finding[]): string {
  const lines = findings.flatMap(({ invariant, count, first }) => [
    ...['', `VIOLATED, ${count} times: ${invariant}`],
    ...first.map(detail => `  ${detail}`),
  ]);
  return lines.map(line => `${line}\n`).join('');
}

function row(name: string, inFlight: string, recovery: string, duplicates: string): string {
  return `${name.padEnd(36)} ${inFlight.padStart(9)} ${recovery.padStart(9)} ${duplicates.padStart(11)}`;
}
