import type { PeerName } from './peers/peer-names.js';

/** What every benchmark is: measured in a process of its own, told in lines and as data, judged against a target. */

/**
 * @property rounds how often everything is measured; the median counts
 * @property peers undefined: all that can run here
 * @property records undefined: as many as the benchmark is made for
 * @property keys how many keys many are; undefined: as many as the benchmark is made for
 * @property only rows whose title holds this text; undefined: all
 */
export interface BenchmarkOptions {
  readonly rounds: number;
  readonly peers?: readonly PeerName[] | undefined;
  readonly records?: number | undefined;
  readonly keys?: number | undefined;
  readonly only?: string | undefined;
}

/** Says how far a benchmark is; shown on a terminal only. */
export type Tell = (progress: string) => void;

export interface Outcome {
  /** For people: what was measured, one line each. */
  readonly lines: readonly string[];
  /** The result in one line. */
  readonly verdict: string;
  /** Whether every target was met; undefined for a benchmark without one. */
  readonly pass: boolean | undefined;
  /** For machines: every figure with its unit in its name. */
  readonly figures: object;
}

export interface Benchmark {
  /** One line for `--help`. */
  readonly summary: string;
  readonly defaultRounds: number;
  /** The options that it takes beside `--rounds`. */
  readonly takes?: readonly ('peers' | 'records' | 'keys' | 'only')[];
  /** Peers that it may be asked for. Default: all. */
  readonly peers?: readonly PeerName[];
  /** Measures processes that it compiles and starts itself; all others are measured as they are published, compiled. Default false. */
  readonly ownProcesses?: boolean;
  /** Loaded in the child process only, so that `--help` is quick and one benchmark cannot warm another's code. */
  load(): Promise<(options: BenchmarkOptions, tell: Tell) => Promise<Outcome>>;
}
