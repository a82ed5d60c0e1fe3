import type { MemoryBroker } from '../../drivers/memory/index.js';
import type { Disturbances } from './disturbances.js';
import type { Journal } from './journal.js';
import type { SimulatedProcess } from './simulated-process.js';
import type { World } from './world.js';

/** Virtual milliseconds after which who does not move must say why: twice what a record may take until it is told. */
const silentMs = 60_000;

/** Between two looks. */
const lookMs = 5_000;

export interface HealthWatchParts {
  readonly world: World;
  readonly broker: MemoryBroker;
  readonly groupId: string;
  readonly processes: readonly SimulatedProcess[];
  /** Topics that the group reads. */
  readonly topics: readonly string[];
  readonly disturbances: Disturbances;
  readonly journal: Journal;
}

/** Watches that a process of whose partitions something is left, and which does nothing for long, has a reason in its `health()`. */
export class HealthWatch {
  readonly #parts: HealthWatchParts;
  readonly #last = new Map<SimulatedProcess, { readonly state: string; readonly since: number }>();
  #lookAtMs = 0;

  constructor(parts: HealthWatchParts) {
    this.#parts = parts;
  }

  /** After a step. */
  look(): void {
    const { world, processes } = this.#parts;
    if (world.timeMs < this.#lookAtMs) return;
    this.#lookAtMs = world.timeMs + lookMs;
    for (const process of processes) this.#lookAt(process);
  }

  #lookAt(process: SimulatedProcess): void {
    const { world, disturbances, journal } = this.#parts;
    if (process.state !== 'running' || process.app?.health().reasons.length !== 0) {
      this.#last.delete(process);
      return;
    }
    const state = `${process.incarnations} ${process.moves} ${this.#committed()}`;
    const last = this.#last.get(process);
    if (last?.state !== state) {
      this.#last.set(process, { state, since: world.timeMs });
      return;
    }
    const { since } = last;
    if (world.timeMs - since < silentMs) return;
    if (disturbances.since(since, process.name, 'process', 'commits', 'produce', 'calls')) return;
    const left = this.#leftOf(process);
    if (left === undefined) return;
    const seconds = Math.round((world.timeMs - since) / 1000);
    journal.violated('health() says why whenever nothing moves', `${process.name} for ${seconds} s: ${left}`);
  }

  /** All that the group has committed. */
  #committed(): string {
    const { broker, groupId, topics } = this.#parts;
    return topics
      .map(topic => (isThere(broker, topic) ? broker.committed(groupId, topic).join() : ''))
      .join(' ');
  }

  /** A partition of the process of which something is not committed. */
  #leftOf(process: SimulatedProcess): string | undefined {
    const { broker, groupId, topics } = this.#parts;
    for (const { memberId, assigned } of broker.members(groupId)) {
      if (!memberId.startsWith(`${process.name}.${process.incarnations}-`)) continue;
      for (const { topic, partition } of assigned) {
        if (!topics.includes(topic) || !isThere(broker, topic)) continue;
        const end = broker.endOffsets(topic)[partition] ?? 0;
        const committed = broker.committed(groupId, topic)[partition] ?? -1;
        if (end > 0 && committed < end) return `${topic}/${partition} is committed to ${committed} of ${end}`;
      }
    }
    return undefined;
  }
}

function isThere(broker: MemoryBroker, topic: string): boolean {
  return broker.cluster.partitionCount(topic) > 0;
}
