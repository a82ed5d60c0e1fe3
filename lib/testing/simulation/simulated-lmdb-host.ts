import type { Clock } from '../../base/clock.js';
import { KafkaRxError } from '../../errors/errors.js';
import { folderTurns } from '../../stores/folder-turns.js';
import type { LmdbHost } from '../../stores/lmdb-host.js';
import type { Disks } from './disks.js';
import type { LmdbDisk } from './lmdb-disk.js';
import { type LmdbLink, SimulatedLmdb } from './simulated-lmdb.js';
import type { Wire } from './wire.js';
import type { World } from './world.js';

/** Virtual milliseconds that a disk takes to flush what was reported committed before, at most. */
const mostFlushMs = 5_000;

export interface SimulatedLmdbHostParts {
  readonly wire: Wire;
  readonly world: World;
  /** The process's. */
  readonly clock: Clock;
  readonly newId: () => string;
  readonly disks: Disks;
  /** Fails the next write, or does not. */
  failsWrite(): Error | undefined;
  /** Has opened a simulated LMDB, which is to hear when the process dies. */
  opened(lmdb: SimulatedLmdb): void;
  readonly hostname: string;
  /** The name of the one folder that there is. */
  readonly place: string;
}

/** What an LMDB store takes of the machine, for one folder and one incarnation of a process. */
export function simulatedLmdbHost(parts: SimulatedLmdbHostParts): LmdbHost {
  const { clock, wire, world, newId, place } = parts;
  const disk = (): LmdbDisk => parts.disks.folder(place);
  const link: LmdbLink = {
    call: (what, effect) => wire.call(`lmdb ${place}`, what, effect, false),
    diesAt: (what, at) => wire.diesAt(what, at),
    fails: () => parts.failsWrite() !== undefined,
    // The disk's own time: it goes on when the process is gone, unless the power went with it.
    whenFlushed: flushed => wire.later(flushed, world.choices.size('lmdb: flush ms', mostFlushMs)),
    mark: name => wire.mark(name),
    heldUp: () => wire.heldUp('commits'),
    choose: (label, n) => wire.choose(label, n),
  };
  // The process's alone: what one that has died had under way never settles.
  const turns = folderTurns(place, new Map());
  return {
    hostname: parts.hostname,
    folderOf: (_name, directory) => directory ?? `/simulated/${place}`,
    prepareFolder(_directory, readOnly, where) {
      if (!readOnly || disk().current.size > 0) return;
      throw new KafkaRxError('STORE', `There is no ${where}`, {
        remedy: 'Check the path, or run the pipeline that fills it first',
      });
    },
    turnsOf: () => turns,
    open: options => {
      const lmdb = new SimulatedLmdb(disk(), options, link);
      parts.opened(lmdb);
      if (wire.isCut) lmdb.died();
      return lmdb;
    },
    newId,
    later: (task, delayMs) => clock.schedule(task, delayMs),
    nextTurn: () => new Promise(resolve => clock.defer(resolve, 'lmdb')),
  };
}
