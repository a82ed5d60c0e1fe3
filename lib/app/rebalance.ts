import { type Clock, within } from '../base/clock.js';
import type { AssignedPartition, ConsumerListener, FetchedBatch } from '../drivers/port.js';
import type { KafkaRxError } from '../errors/errors.js';
import type { Dispatcher } from '../flow/source/dispatcher.js';
import type { InFlight } from '../flow/source/in-flight.js';
import type { Commits } from './commits.js';
import type { AppHost } from './host.js';
import type { Ending } from './lifecycle/ending.js';
import type { Lifecycle } from './lifecycle/lifecycle.js';
import type { KeptTasks } from './states/kept-tasks.js';

export interface RebalanceParts {
  readonly clock: Clock;
  readonly host: AppHost;
  readonly lifecycle: Lifecycle;
  readonly ending: Ending;
  readonly dispatcher: Dispatcher;
  readonly inFlight: InFlight;
  readonly commits: Commits;
  readonly states: Pick<KeptTasks, 'keepOnly'>;
  /** Whether some task goes by it that a partition is at its end. */
  hearsEnds(): boolean;
}

/** What the driver tells of the group: partitions come; before they go the app drains first and lets go second. */
export class Rebalance implements ConsumerListener {
  caughtUp?: NonNullable<ConsumerListener['caughtUp']>;
  readonly #parts: RebalanceParts;

  constructor(parts: RebalanceParts) {
    this.#parts = parts;
  }

  /** What is wired is known, and who listens is not asked yet. */
  begins(): void {
    const { dispatcher, hearsEnds } = this.#parts;
    if (hearsEnds()) this.caughtUp = partition => dispatcher.caughtUp(partition);
  }

  assigned(partitions: readonly AssignedPartition[]): void {
    const { ending, dispatcher, lifecycle, states } = this.#parts;
    // Given to a member that is about to leave: nothing of it is begun.
    if (ending.isReached) return;
    // A driver that cannot hold the group up may come with new ones while the old are still being drained.
    dispatcher.assign(partitions);
    states.keepOnly(partitions);
    lifecycle.tell({ type: 'assigned', partitions });
  }

  async revoking(partitions: readonly AssignedPartition[], boundMs: number): Promise<void> {
    const { clock, lifecycle } = this.#parts;
    lifecycle.tell({ type: 'revoking', partitions });
    await within(clock, this.settleAndCommit(partitions, 'drain'), boundMs);
    lifecycle.tell({ type: 'revoked', partitions, pending: this.letGo(partitions) });
  }

  lost(partitions: readonly AssignedPartition[]): void {
    this.letGo(partitions);
    this.#parts.lifecycle.tell({ type: 'lost', partitions });
  }

  batch(batch: FetchedBatch): void {
    this.#parts.dispatcher.accept(batch);
  }

  confirmed(): void {
    this.#parts.dispatcher.wake();
  }

  failed(error: KafkaRxError): void {
    this.#parts.host.fail(error);
  }

  /** Hands out nothing more of these, waits until what is under way has settled, and commits. */
  async settleAndCommit(partitions: readonly AssignedPartition[], reason: 'drain' | 'stop'): Promise<void> {
    const { dispatcher, commits } = this.#parts;
    await dispatcher.drain(partitions, reason);
    await commits.flush();
  }

  /** Ends the epochs; returns how many records were not settled. */
  letGo(partitions: readonly AssignedPartition[]): number {
    const { dispatcher, inFlight } = this.#parts;
    const before = inFlight.unsettled;
    dispatcher.lose(partitions);
    return before - inFlight.unsettled;
  }
}
