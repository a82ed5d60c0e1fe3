import { existsSync, readFileSync } from 'node:fs';
import type { Plan, Report } from './plan.js';

interface Moment {
  readonly records: number;
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly wroteBytes: number;
}

/**
 * Measures between two confirmed commits, the first at or after the warm-up and the last of all: both ends are the same thing
 * in every client, whatever it fetched ahead or has still in its buffers.
 */
export class Meter {
  readonly #plan: Pick<Plan, 'records' | 'warmUp'>;
  readonly #committed = new Map<number, number>();
  #from: Moment | undefined;
  #to: Moment | undefined;

  constructor(plan: Pick<Plan, 'records' | 'warmUp'>) {
    this.#plan = plan;
  }

  /** To be told of every commit, once the broker has confirmed it. */
  committed(offsets: Iterable<readonly [partition: number, offset: number]>): void {
    for (const [partition, offset] of offsets) this.#committed.set(partition, offset);
    const records = [...this.#committed.values()].reduce((sum, offset) => sum + offset, 0);
    if (this.#from === undefined && records >= this.#plan.warmUp) this.#from = momentAt(records);
    if (this.#to === undefined && records >= this.#plan.records) this.#to = momentAt(records);
  }

  /** Prints the report. @throws when not all was committed */
  report(): void {
    const [from, to] = [this.#from, this.#to];
    if (from === undefined || to === undefined) throw new Error('the input was not committed to its end');
    const report: Report = {
      records: to.records - from.records,
      wallMs: to.wallMs - from.wallMs,
      cpuMs: to.cpuMs - from.cpuMs,
      wroteMib: (to.wroteBytes - from.wroteBytes) / 2 ** 20,
      peakRssMib: process.resourceUsage().maxRSS / 1024,
    };
    process.stdout.write(`${JSON.stringify(report)}\n`);
  }
}

function momentAt(records: number): Moment {
  const { user, system } = process.cpuUsage();
  return { records, wallMs: performance.now(), cpuMs: (user + system) / 1000, wroteBytes: wroteBytes() };
}

function wroteBytes(): number {
  if (!existsSync('/proc/self/io')) return 0;
  return Number(/^write_bytes: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1] ?? 0);
}
