/** What a contestant is told, as JSON in its first argument; every one of them, in whatever language, reads the same. */
export interface Plan {
  readonly brokers: readonly string[];
  /** The consumer group; nothing is committed in it yet. */
  readonly group: string;
  readonly input: string;
  /** How many purchases lie, or will lie, in the input. */
  readonly records: number;
  /** How many of them are not measured. */
  readonly warmUp: number;
  /** `latency`: send at once; `throughput`: gather, where the client can; `as-it-comes`: what the client does when it is not asked. */
  readonly tuning: 'throughput' | 'latency' | 'as-it-comes';
  /** Of those that have a choice. Default `at-least-once`. */
  readonly guarantee?: Guarantee;
  /** Milliseconds between commits, of kafka-rx alone. Default: its own. */
  readonly intervalMs?: number | undefined;
}

export type Guarantee = 'at-least-once' | 'exactly-once';

/** What all contestants write: the topics of demos/purchases, by what they hold. */
export const outputTopics = ['patterns', 'rewards', 'purchases'] as const;

/** What a contestant prints as the last line of its standard output. */
export interface Report {
  /** Purchases between the two commits that were measured. */
  readonly records: number;
  readonly wallMs: number;
  /** All threads of the process. */
  readonly cpuMs: number;
  readonly peakRssMib: number;
  /** What the process gave to disks in that time, as Linux counts it; elsewhere 0. */
  readonly wroteMib: number;
}

export function readPlan(): Plan {
  // bench/peers/run-contestant.ts wrote it, of the same version.
  return JSON.parse(process.argv[2] ?? '') as Plan;
}
