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

/** The seeded bugs: each must make the checker fail. */
export const bugNames = [
  'commit-before-ack',
  'commit-highest',
  'no-epoch-check',
  'ignore-missing-partition',
  ...topicBugNames,
] as const;
export type BugName = (typeof bugNames)[number];

/** The app's task, handed over as its one argument. */
export interface AppTask {
  readonly brokers: readonly string[];
  /** The member's own folder: its store, and the note of what was durable when. */
  readonly folder: string;
  readonly bug: BugName | undefined;
  readonly path: DriverPath;
}

/** Which path of the kafkajs driver. */
export type DriverPath = 'fast' | 'stock';

export type Order =
  /** Store writes are acknowledged `delayMs` later than they are durable, for `forMs`. */
  | { readonly order: 'slow-store'; readonly delayMs: number; readonly forMs: number }
  /** The next writes of the store reject. */
  | { readonly order: 'fail-store'; readonly writes: number }
  | { readonly order: 'block-event-loop'; readonly forMs: number }
  /** SIGKILL of itself when a commit is about to be sent: what it covers was acknowledged by every sink. */
  | { readonly order: 'kill-before-commit' }
  /** SIGKILL of itself with half of a fetched batch handed out. */
  | { readonly order: 'kill-mid-batch' }
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
