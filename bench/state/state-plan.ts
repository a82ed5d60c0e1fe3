import type { Plan, Report } from '../peers/plan.js';

export type Operation = 'count' | 'tumbling' | 'sliding' | 'session';

/** Of results: each change, or what a commit finds; final results are no part of it. */
export type StateEmit = 'updates' | 'commit';

/** Where a state lies: in the process, or in LMDB here and RocksDB there. */
export type StateStore = 'memory' | 'disk';

/** What a contestant is told. Records are counted by key, which is text; their values are not looked at. */
export interface StatePlan extends Plan {
  /** Where the counts go, empty. */
  readonly output: string;
  readonly operation: Operation;
  readonly emit: StateEmit;
  readonly store: StateStore;
  /** For what lies on disk; empty, and its own. */
  readonly directory: string;
}

export type StateReport = Report;

/** Of all windows; a session's is its gap, a sliding one's the difference. As in KafkaStreamsState.java. */
export const windowMs = { tumbling: 3_600_000, sliding: 60_000, session: 1_800_000 } as const;
export const graceMs = 600_000;

export function readStatePlan(): StatePlan {
  // bench/state/state-contestants.ts wrote it, of the same version.
  return JSON.parse(process.argv[2] ?? '') as StatePlan;
}
