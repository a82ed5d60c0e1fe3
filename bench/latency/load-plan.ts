/** What the load generator is told, as JSON in its first argument. */
export interface LoadPlan {
  readonly brokers: readonly string[];
  readonly group: string;
  readonly input: string;
  readonly perSecond: number;
  readonly records: number;
  /** How many of them are not measured. */
  readonly warmUp: number;
  /** Whether the outputs are read as a reader of committed records does. Default false. */
  readonly readCommitted?: boolean;
}

/** Milliseconds from the time at which a purchase was due to be sent until its output was read. */
export interface LoadReport {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  /** How late the generator itself was at worst: what of the latency is its own. */
  readonly sentLateMs: number;
  /** From the due time until the acknowledgement in the input, 99 of 100: a plain write, nothing of the contestant. */
  readonly writtenP99Ms: number;
}
