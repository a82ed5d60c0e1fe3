import type { Clock, Timer } from '../../base/clock.js';
import type { DriverAdmin } from '../../drivers/port.js';
import type { PartitionLane } from './partition-lane.js';

export interface EndOffsetsParts {
  readonly clock: Clock;
  readonly admin: Pick<DriverAdmin, 'offsets'>;
  readonly lanes: { readonly all: readonly PartitionLane[] };
  readonly everyMs: number;
}

/**
 * Looks up where paused partitions end. A fetch says it of all others; of one that is not fetched (at a bound, or heard by
 * nobody) the lag would stand still while it grows.
 */
export class EndOffsets {
  readonly #parts: EndOffsetsParts;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(parts: EndOffsetsParts) {
    this.#parts = parts;
  }

  start(): void {
    if (this.#stopped) return;
    this.#timer = this.#parts.clock.schedule(
      () => void this.#look().then(() => this.start()),
      this.#parts.everyMs,
    );
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  async #look(): Promise<void> {
    const { admin, lanes } = this.#parts;
    const paused = lanes.all.filter(lane => lane.pausedAtDriver);
    for (const topic of new Set(paused.map(lane => lane.topic))) {
      let ends: readonly number[];
      try {
        ends = await admin.offsets(topic, 'latest');
      } catch {
        // The lag stays as it was known; a cluster out of reach is told by the driver's events.
        continue;
      }
      for (const lane of paused) {
        // A partition that goes on meanwhile is told by its fetches, which know of open transactions.
        if (lane.topic !== topic || !lane.pausedAtDriver) continue;
        lane.endOffset = Math.max(lane.endOffset, ends[lane.partition] ?? -1);
      }
    }
  }
}
