import type { StateStore } from '../state/state-plan.js';

/** What a contestant is told: `fill` makes the changelog of all that lies in the input; `restore` starts on it and measures. */
export interface RestorePlan {
  readonly phase: 'fill' | 'restore';
  readonly brokers: readonly string[];
  readonly group: string;
  readonly input: string;
  readonly partitions: number;
  /** Records to take before it ends: all to fill, and one a partition at least to have begun. */
  readonly records: number;
  /** Keys of the state, `key` of 0 up to this. */
  readonly keys: number;
  readonly valueBytes: number;
  readonly store: StateStore;
  /** What lies there is kept, and used again. */
  readonly directory: string;
}

/** What a restore prints as its last line. */
export interface RestoreReport {
  /** From the beginning of the first restore until a record of each partition was taken. */
  readonly restoreMs: number;
  /** From `run()` on until then, with the joining of the group. */
  readonly readyMs: number;
  /** From `run()` on, all threads of the process. */
  readonly cpuMs: number;
}

const keyDigits = 8;

export function keyOf(number: number): string {
  return String(number).padStart(keyDigits, '0');
}

/** The same in KafkaStreamsRestore.java. */
export function textOf(number: number, bytes: number): string {
  return keyOf(number).padStart(bytes, '.');
}

export function readRestorePlan(): RestorePlan {
  // bench/restore/restore.ts had it written, of the same version.
  return JSON.parse(process.argv[2] ?? '') as RestorePlan;
}
