/**
 * What a run leaves behind, and all that the checker knows. Times are wall-clock milliseconds of this one machine,
 * which Kafka's log append times are too.
 */

import type { ExactlyOnceEvidence } from './exactly-once/evidence.js';

/** The topics that the app writes; `transactions` is what it reads. */
export const outputTopics = ['patterns', 'rewards', 'purchases'] as const;
export type OutputTopic = (typeof outputTopics)[number];

/** One input as the load generator saw it. `unknown`: it may or may not have been written. */
export interface Input {
  readonly id: string;
  readonly partition: number;
  outcome: 'ok' | 'fail' | 'unknown';
  /** It is no purchase, and becomes a dead letter. */
  readonly poison: boolean;
  /** Known when `ok`. */
  offset: number | undefined;
}

/** A record of a topic as it lies there; `appendedMs` is the broker's log append time. */
export interface LogRecord {
  readonly id: string;
  readonly partition: number;
  readonly offset: number;
  readonly appendedMs: number;
}

/** One time that a topic was there, from 1. */
export interface TopicLife {
  readonly topic: string;
  readonly number: number;
  readonly madeMs: number;
  /** Undefined while it lives. */
  deletedMs: number | undefined;
}

/** What is left of the topics that came and went; see changing-topics.ts. */
export interface ChangingEvidence {
  readonly lives: readonly TopicLife[];
  /** The records of those that the app reads and that there are in the end. */
  readonly log: readonly (LogRecord & { readonly topic: string })[];
  /** The records of the topic that it writes. */
  readonly output: readonly LogRecord[];
  /** All stores' documents together: the record's id, and the identity under which its topic is filed. */
  readonly documents: readonly { readonly origin: string; readonly id: string }[];
  /** Where the group stood in the end, and where it had to; -1: nowhere. */
  readonly committed: readonly {
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
    readonly end: number;
  }[];
}

/** A document whose write was durable at that moment. */
export interface StoredWrite {
  readonly partition: number;
  readonly offset: number;
  readonly durableMs: number;
}

/** Committed offsets of the input's partitions; valid at some moment not after `knownMs`. -1: none. */
export interface CommittedSample {
  readonly source: 'sample' | 'commit-log';
  readonly knownMs: number;
  readonly committed: ReadonlyMap<number, number>;
}

/** A fault as it went. */
export interface FaultRecord {
  readonly name: string;
  /** Whether it must not repeat a record. */
  readonly graceful: boolean;
  /** How long all of the input may stand still; undefined: not judged. */
  readonly standstillMs?: number | undefined;
  readonly inFlight: number;
  readonly injectedMs: number;
  readonly healedMs: number;
  /** When every partition's committed offset had moved again after the healing; undefined: never. */
  readonly progressMs: number | undefined;
}

export interface StopRecord {
  readonly member: string;
  readonly during: string;
  readonly deadlineMs: number;
  readonly tookMs: number;
}

export interface Evidence {
  readonly inputs: readonly Input[];
  /** The input topic's records. */
  readonly log: readonly LogRecord[];
  readonly outputs: Readonly<Record<OutputTopic, readonly LogRecord[]>>;
  /** Writes that the stores acknowledged. */
  readonly writes: readonly StoredWrite[];
  /** `partition/offset` of the documents that the stores hold, all together. */
  readonly documents: ReadonlySet<string>;
  readonly changing: ChangingEvidence;
  /** In the order of `knownMs` within each source. */
  readonly samples: readonly CommittedSample[];
  readonly faults: readonly FaultRecord[];
  readonly stops: readonly StopRecord[];
  /** Unhandled rejections and uncaught exceptions, with their member. */
  readonly rejections: readonly string[];
  /** The most that any app process had resident, MiB. */
  readonly peakRssMb: number;
  /** Per partition, where the group stood at the end, and where it had to. */
  /** What a reader that came along saw; only of a run under exactly once. */
  readonly exactlyOnce?: ExactlyOnceEvidence | undefined;
  readonly drained: {
    readonly committed: ReadonlyMap<number, number>;
    readonly ends: ReadonlyMap<number, number>;
  };
}

/** One breach of one invariant. */
export interface Violation {
  readonly invariant: string;
  readonly detail: string;
}

export function placeOf({
  partition,
  offset,
}: {
  readonly partition: number;
  readonly offset: number;
}): string {
  return `${partition}/${offset}`;
}
