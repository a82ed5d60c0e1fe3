import type { LifecycleEvent, MemoryMetrics } from 'kafka-rx';
import type { ToldEvent } from 'kafka-rx/workers';
import type { RunCounts } from './run-totals.js';

/** An event of the run's app, or of one of its workers, as plain data. */
export type Heard = LifecycleEvent | ToldEvent;

/** What a run has done so far, and when it did something last. */
export class Activity {
  /** When the group gave each member its partitions, or none; undefined while it has not, or takes them back. */
  readonly #assignedAt: (number | undefined)[];
  #firstRecordAt: number | undefined;
  #lastChangeAt = 0;
  #seen = '';
  #consumed = 0;
  #consumedAt = 0;

  /** @param members how many of this run are in the group */
  constructor(
    private readonly metrics: MemoryMetrics,
    members = 1,
  ) {
    this.#assignedAt = Array.from({ length: members }, () => undefined);
  }

  hear(event: Heard, member: number): void {
    if (event.type === 'assigned') this.#assignedAt[member] = performance.now();
    if (event.type === 'revoking' || event.type === 'lost') this.#assignedAt[member] = undefined;
  }

  get assigned(): boolean {
    return this.#settledAt !== undefined;
  }

  /** When the last member got its partitions. */
  get #settledAt(): number | undefined {
    const times = this.#assignedAt.filter(at => at !== undefined);
    return times.length === this.#assignedAt.length ? Math.max(...times) : undefined;
  }

  /** Notes what changed since the last look. */
  look(): RunCounts {
    const now = performance.now();
    const counts = this.counts();
    if (counts.consumed !== this.#consumed) {
      this.#firstRecordAt ??= this.#settledAt ?? now;
      this.#consumed = counts.consumed;
      this.#consumedAt = now;
    }
    const seen = JSON.stringify(counts);
    if (seen !== this.#seen) {
      this.#seen = seen;
      this.#lastChangeAt = now;
    }
    return counts;
  }

  /** Milliseconds since the last record, or since the group settled if that was later; 0 while it has not. */
  idleMs(): number {
    const settledAt = this.#settledAt;
    return settledAt === undefined ? 0 : performance.now() - Math.max(settledAt, this.#consumedAt);
  }

  /** Milliseconds from the first record to the last that was settled. */
  busyMs(): number {
    this.look();
    return this.#firstRecordAt === undefined ? 0 : Math.max(0, this.#lastChangeAt - this.#firstRecordAt);
  }

  counts(): RunCounts {
    const { metrics } = this;
    const produced = (topic: string): number => metrics.value('kafka_rx_records_produced_total', { topic });
    return {
      consumed: metrics.value('kafka_rx_records_consumed_total'),
      patterns: produced('patterns'),
      rewards: produced('rewards'),
      purchases: produced('purchases'),
      stored: metrics.value('kafka_rx_documents_stored_total'),
      skipped: metrics.value('kafka_rx_records_dropped_total', { reason: 'skipped' }),
      deadLettered: metrics.value('kafka_rx_dead_letters_total'),
    };
  }
}
