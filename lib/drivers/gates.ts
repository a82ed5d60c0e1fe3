import type { Clock } from '../base/clock.js';
import { isKafkaRxError, KafkaRxError } from '../errors/errors.js';
import type { AssignedPartition, ConsumerOptions, DriverEvent } from './port.js';

/** A gate that has not opened yet. */
export interface PendingGate {
  asked: boolean;
}

/** A partition with a gate. */
export interface Gated extends AssignedPartition {
  /** Undefined once it is open. Until then nothing of the partition is looked up or fetched. */
  gate: PendingGate | undefined;
}

export interface GatesContext<P extends Gated> {
  readonly ready: ConsumerOptions['ready'];
  readonly clock: Clock;
  readonly event: (event: DriverEvent) => void;
  /** Milliseconds before the attempt after this one, which counts from 1. */
  readonly backoffMs: (attempt: number) => number;
  /** Whether it is still this member's. */
  readonly isCurrent: (partition: P) => boolean;
  /** Never within `close` or `rewind`. */
  readonly opened: (partition: P) => void;
  readonly failed: (error: KafkaRxError) => void;
}

/** The gates of a member's partitions, each for itself: see {@link ConsumerOptions.ready}. Without that option all are open. */
export class Gates<P extends Gated> {
  readonly #context: GatesContext<P>;

  constructor(context: GatesContext<P>) {
    this.#context = context;
  }

  /** Their epochs are new: what was asked before is of no account. */
  close(partitions: Iterable<P>): void {
    if (this.#context.ready === undefined) return;
    for (const partition of partitions) partition.gate = { asked: false };
  }

  /** Asks for those that are closed and were not asked for. Not to be called within a call into the port. */
  ask(partitions: Iterable<P>): void {
    for (const partition of partitions) {
      const { gate } = partition;
      if (gate === undefined || gate.asked || !this.#context.isCurrent(partition)) continue;
      gate.asked = true;
      void this.#ask(partition, gate, 1);
    }
  }

  async #ask(partition: P, gate: PendingGate, attempt: number): Promise<void> {
    const { ready, event, opened, failed } = this.#context;
    const { topic, partition: number, epoch } = partition;
    try {
      const opening = ready?.({ topic, partition: number, epoch });
      if (opening !== undefined) await opening;
    } catch (error) {
      if (this.#isOver(partition, gate)) return;
      if (!isKafkaRxError(error)) failed(new KafkaRxError('DRIVER', 'ready threw', { cause: error }));
      else if (error.retriable) this.#askAgain(partition, gate, attempt, error.message);
      else failed(error);
      return;
    }
    if (this.#isOver(partition, gate)) return;
    partition.gate = undefined;
    if (attempt > 1) event({ type: 'retried', what: whatOf(partition) });
    opened(partition);
  }

  #askAgain(partition: P, gate: PendingGate, attempt: number, reason: string): void {
    const { clock, event, backoffMs } = this.#context;
    const delayMs = backoffMs(attempt);
    event({
      type: 'retrying',
      what: whatOf(partition),
      attempt,
      delayMs,
      reason,
    });
    clock.schedule(() => {
      if (!this.#isOver(partition, gate)) void this.#ask(partition, gate, attempt + 1);
    }, delayMs);
  }

  /** Whether its epoch has ended meanwhile. A seek ends none that a gate is of. */
  #isOver(partition: P, gate: PendingGate): boolean {
    return partition.gate !== gate || !this.#context.isCurrent(partition);
  }
}

function whatOf({ topic, partition }: AssignedPartition): string {
  return `gate of ${topic}-${partition}`;
}
