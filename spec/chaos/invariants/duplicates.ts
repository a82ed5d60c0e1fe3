import {
  type Evidence,
  type FaultRecord,
  type LogRecord,
  outputTopics,
  type Violation,
} from '../evidence.js';

/** A record that an output has again, and the last fault before that. */
export interface Duplicate {
  readonly topic: string;
  readonly source: LogRecord;
  readonly appendedMs: number;
  readonly fault: FaultRecord | undefined;
}

/** Every copy of a record beyond the first, in each output. */
export function* duplicatesIn({ log, outputs, faults }: Evidence): Generator<Duplicate> {
  const sources = new Map(log.map(record => [record.id, record]));
  const byTime = [...faults].sort((a, b) => a.injectedMs - b.injectedMs);
  for (const topic of outputTopics) {
    const seen = new Set<string>();
    for (const { id, appendedMs } of outputs[topic]) {
      const source = sources.get(id);
      if (source === undefined) continue;
      if (seen.has(id)) {
        const fault = byTime.findLast(({ injectedMs }) => injectedMs <= appendedMs);
        yield { topic, source, appendedMs, fault };
      }
      seen.add(id);
    }
  }
}

/**
 * A record is repeated only after a fault, only from what was committed when that fault hit, and never after one that
 * was no fault at all, such as a member that joined.
 */
export function* duplicates(evidence: Evidence): Generator<Violation> {
  const committedAt = new Map<FaultRecord, Map<number, number>>();
  for (const fault of evidence.faults) {
    const known = new Map<number, number>();
    for (const { knownMs, committed } of evidence.samples) {
      if (knownMs > fault.injectedMs) continue;
      for (const [partition, offset] of committed)
        known.set(partition, Math.max(known.get(partition) ?? 0, offset));
    }
    committedAt.set(fault, known);
  }
  for (const { topic, source, fault } of duplicatesIn(evidence)) {
    const what = `transactions ${source.partition}/${source.offset} again in ${topic}`;
    if (fault === undefined) {
      yield { invariant: 'no duplicate without a fault', detail: `${what} before any fault` };
    } else if (fault.graceful) {
      yield { invariant: 'no duplicate without a fault', detail: `${what} after ${fault.name}` };
    } else {
      const committed = committedAt.get(fault)?.get(source.partition) ?? 0;
      if (source.offset >= committed) continue;
      yield {
        invariant: 'duplicates only from the committed offset on',
        detail: `${what} after ${fault.name}, at which ${committed} was committed`,
      };
    }
  }
}
