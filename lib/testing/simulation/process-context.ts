import type { Clock } from '../../base/clock.js';
import type { StateBackends } from '../../state/backend.js';
import type { LmdbHost } from '../../stores/lmdb-host.js';
import type { LmdbOptions } from '../../stores/lmdb-options.js';
import { type LmdbStore, lmdbOn } from '../../stores/lmdb-store.js';
import type { Document, DocumentStore, StorePosition, StorePositions } from '../../stores/port.js';
import { type SimulatedLmdbHostParts, simulatedLmdbHost } from './simulated-lmdb-host.js';
import { type StateLink, simulatedStates } from './simulated-states.js';
import { simulatedStore } from './simulated-store.js';
import { watchedWrites } from './watched-writes.js';

/** What a topology gets of the process that it is wired in. @category Testing @since 0.2.0 */
export interface ProcessContext {
  /** `p1`, `p2`, …: the same for all incarnations of a process. */
  readonly name: string;
  /** Virtual time, for whatever the topology's own functions wait for. */
  readonly clock: Clock;
  /** An id that nothing else of the run has, the same in each run of a seed. */
  newId(): string;
  /**
   * A store on the disk of this process, or on one that all share: made once, and kept when the process dies. What it writes
   * passes the disk's queue, of which a crash keeps a part.
   */
  store<V>(
    name: string,
    make: () => DocumentStore<V>,
    options?: { readonly shared?: boolean },
  ): DocumentStore<V>;
  /**
   * The store of `kafka-rx/lmdb` on a simulated LMDB, in a folder of this process, or in one that all share. It is the process's
   * own and dies with it; the next one opens what the disk has kept: transactions as a whole, and all that it was told are durable.
   */
  lmdb<V, I extends string = string>(
    name: string,
    options: LmdbOptions<V, I>,
    where?: { readonly shared?: boolean },
  ): LmdbStore<V, I>;
  /**
   * For `backend` of a state: on the disk of this process, or on one that all share, as processes of one machine do. It outlives the process,
   * which may die in the middle of a write; then a part of that may be there. Reads answer at once.
   */
  stateBackend(name: string, where?: { readonly shared?: boolean }): StateBackends;
}

export interface ProcessContextParts extends Omit<SimulatedLmdbHostParts, 'hostname' | 'place'> {
  readonly name: string;
  /** Puts a fault into the simulated LMDB, or leaves it as it is. */
  lmdbHost(host: LmdbHost): LmdbHost;
  readonly watch: {
    /** Documents are about to be written by the process. */
    writing(documents: readonly Document<unknown>[]): void;
    /** A disk in memory has noted positions. */
    noted(place: string, positions: StorePositions, news: readonly StorePosition[]): void;
  };
}

/** Of one incarnation of a process. */
export function processContext(parts: ProcessContextParts): ProcessContext {
  const { name, clock, wire, world, newId, watch } = parts;
  const links = new Map<string, StateLink>();
  const placeOf = (store: string, shared: boolean): string => (shared ? store : `${name}/${store}`);
  return {
    name,
    clock,
    newId,
    store: (store, make, { shared = false } = {}) => {
      const place = placeOf(store, shared);
      return simulatedStore(parts.disks.store(place, make), {
        wire,
        external: work => world.external(work),
        fails: () => parts.failsWrite(),
        place,
        writing: documents => watch.writing(documents),
        noted: (positions, news) => watch.noted(place, positions, news),
      });
    },
    lmdb: (store, options, { shared = false } = {}) => {
      const place = placeOf(store, shared);
      // Whoever shares a folder is on one machine: LMDB's is no network's.
      const host = simulatedLmdbHost({ ...parts, hostname: shared ? 'shared' : name, place });
      return watchedWrites(lmdbOn(parts.lmdbHost(host), store, options), watch.writing);
    },
    stateBackend: (disk, { shared = false } = {}) => {
      const place = placeOf(disk, shared);
      let link = links.get(place);
      if (link === undefined) {
        link = stateLink(parts, place);
        links.set(place, link);
      }
      return simulatedStates(parts.disks.stateFolders(place), link);
    },
  };
}

function stateLink({ wire, failsWrite }: ProcessContextParts, place: string): StateLink {
  return {
    get isCut() {
      return wire.isCut;
    },
    call: (what, effect) => wire.call(`states ${place}`, what, effect, false),
    fails: () => failsWrite() !== undefined,
    choose: (label, n) => wire.choose(label, n),
    mark: name => wire.mark(name),
  };
}
