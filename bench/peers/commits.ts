import type { Meter } from './meter.js';
import type { Plan } from './plan.js';

/** As often as kafka-rx commits by default. */
const everyRecords = 10_000;
const everyMs = 1000;

/** Commits what plain clients have settled, one commit at a time, and at the end of the input at once. */
export class Commits {
  readonly #plan: Plan;
  readonly #meter: Meter;
  readonly #send: (offsets: ReadonlyMap<number, number>) => Promise<void>;
  readonly #settled = new Map<number, number>();
  readonly #allDone: Promise<void>;
  #done: () => void = () => {};
  #records = 0;
  #committedRecords = 0;
  #lastAt = performance.now();
  #inFlight = false;

  /** @param send commits the offset of each partition */
  constructor(plan: Plan, meter: Meter, send: (offsets: ReadonlyMap<number, number>) => Promise<void>) {
    this.#plan = plan;
    this.#meter = meter;
    this.#send = send;
    this.#allDone = new Promise(resolve => {
      this.#done = resolve;
    });
  }

  /** Resolves when the whole input is committed. */
  get allDone(): Promise<void> {
    return this.#allDone;
  }

  /** These `records` of a partition, up to `nextOffset`, are acknowledged in all outputs. */
  settled(partition: number, nextOffset: number, records: number): void {
    this.#settled.set(partition, nextOffset);
    this.#records += records;
    const due =
      this.#records - this.#committedRecords >= everyRecords ||
      performance.now() - this.#lastAt >= everyMs ||
      this.#records >= this.#plan.records;
    if (due && !this.#inFlight) void this.#commit();
  }

  async #commit(): Promise<void> {
    this.#inFlight = true;
    const records = this.#records;
    const offsets = new Map(this.#settled);
    // A rejection ends the process, and with it the run: nothing here catches it.
    await this.#send(offsets);
    this.#inFlight = false;
    this.#lastAt = performance.now();
    this.#committedRecords = records;
    this.#meter.committed(offsets);
    if (records >= this.#plan.records) this.#done();
    else if (this.#records >= this.#plan.records) await this.#commit();
  }
}
