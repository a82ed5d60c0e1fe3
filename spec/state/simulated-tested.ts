import type { StateBackend } from '../../lib/state/backend.js';
import {
  type StateFolders,
  type StateLink,
  simulatedStates,
} from '../../lib/testing/simulation/simulated-states.js';
import type { BackendTested } from './state-tested.js';

/** A process with nothing between it and its disk. */
export class TestedLink implements StateLink {
  isCut = false;
  /** What the disk was asked for, in order. */
  readonly calls: string[] = [];
  readonly marks: string[] = [];
  /** What the next choices are; then the usual. */
  readonly chosen: number[] = [];
  failures = 0;
  /** It dies before the call of this number, from 0 up. */
  diesAt = Number.POSITIVE_INFINITY;

  async call<T>(what: string, effect: () => T): Promise<T> {
    if (this.calls.length >= this.diesAt) this.isCut = true;
    // As a process that is dead, which never hears of it.
    if (this.isCut) return new Promise(() => {});
    this.calls.push(what);
    return effect();
  }

  fails(): boolean {
    return this.failures > 0 && this.failures-- > 0;
  }

  choose(): number {
    return this.chosen.shift() ?? 0;
  }

  mark(name: string): void {
    this.marks.push(name);
  }
}

export async function simulatedTested(): Promise<BackendTested> {
  const folders: StateFolders = new Map();
  const links = new Map<StateBackend, TestedLink>();
  return {
    outlives: true,
    open: async () => {
      const link = new TestedLink();
      const backend = await simulatedStates(folders, link).open('task');
      links.set(backend, link);
      return backend;
    },
    crash: async backend => {
      const link = links.get(backend);
      if (link !== undefined) link.isCut = true;
    },
    dispose: async () => {},
  };
}
