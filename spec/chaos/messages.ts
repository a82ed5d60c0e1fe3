/** What main and an app process say to each other, over the process's IPC channel. */

/** Those of the topics that come and go. */
const topicBugNames = [
  'begin-behind-the-first',
  'name-for-id',
  'offsets-of-the-old',
  'old-comes-back',
  'slow-revoke',
] as const;
export type TopicBugName = (typeof topicBugNames)[number];

/** Those of exactly once. */
export const unitBugNames = ['offsets-outside', 'letters-outside', 'without-gate'] as const;
export type UnitBugName = (typeof unitBugNames)[number];

export function isUnitBug(bug: string): bug is UnitBugName {
  return unitBugNames.some(name => name === bug);
}

/** The seeded bugs: each must make the checker fail. */
export const bugNames = [
  'commit-before-ack',
  'commit-highest',
  'no-epoch-check',
  'ignore-missing-partition',
  ...topicBugNames,
  ...unitBugNames,
] as const;
export type BugName = (typeof bugNames)[number];

/** The app's task, handed over as its one argument. */
export interface AppTask {
  readonly brokers: readonly string[];
  /** The member's own folder: its store, and the note of what was durable when. */
  readonly folder: string;
  readonly bug: BugName | undefined;
  readonly path: DriverPath;
  readonly guarantee: Guarantee;
}

export const guarantees = ['at-least-once', 'exactly-once'] as const;
/** What the app promises. */
export type Guarantee = (typeof guarantees)[number];

/** Which path of the kafkajs driver. */
export type DriverPath = 'fast' | 'stock';

export type Order =
  /** Store writes are acknowledged `delayMs` later than they are durable, for `forMs`. */
  | { readonly order: 'slow-store'; readonly delayMs: number; readonly forMs: number }
  /** The next writes of the store reject. */
  | { readonly order: 'fail-store'; readonly writes: number }
  | { readonly order: 'block-event-loop'; readonly forMs: number }
  /** SIGKILL of itself when a commit is about to be sent: what it covers was acknowledged by every sink, and its transaction is open. */
  | { readonly order: 'kill-before-commit' }
  /** SIGKILL of itself with half of a fetched batch handed out; under exactly once when an output of that is in an open transaction. */
  | { readonly order: 'kill-mid-batch' }
  /** SIGSTOP of itself with the offsets of a unit sent and its end not asked for. */
  | { readonly order: 'stop-before-end' }
  | { readonly order: 'refuse-commits'; readonly forMs: number }
  /** Produce requests leave out one partition, and so do their responses. */
  | { readonly order: 'leave-out-partitions'; readonly forMs: number }
  | { readonly order: 'stop'; readonly deadlineMs: number };

export type Report =
  | {
      readonly report: 'status';
      readonly state: string;
      readonly ready: boolean;
      readonly inFlight: number;
      readonly consumed: number;
      readonly rssMb: number;
    }
  | { readonly report: 'event'; readonly atMs: number; readonly text: string }
  | { readonly report: 'rejection'; readonly text: string }
  | { readonly report: 'stopped'; readonly tookMs: number };

export const groupId = 'chaos';
export const inputTopic = 'transactions';
/** In the member's folder: one line for each durable write. */
export const writesFile = 'writes.log';
