import { folderTurns } from '../../lib/stores/folder-turns.js';
import type { LmdbHost, LmdbOpenOptions } from '../../lib/stores/lmdb-host.js';
import { lmdbMachine } from '../../lib/stores/lmdb-machine.js';
import { LmdbDisk } from '../../lib/testing/simulation/lmdb-disk.js';
import { type LmdbLink, SimulatedLmdb } from '../../lib/testing/simulation/simulated-lmdb.js';

/** A link on which nothing takes long and nothing fails. */
export const atOnce: LmdbLink = {
  call: async (_what, effect) => effect(),
  diesAt: () => false,
  fails: () => false,
  whenFlushed: flushed => flushed(),
  choose: () => 0,
  mark: () => {},
  heldUp: () => {},
};

/** How our store opens it. */
export const asTheStore: LmdbOpenOptions = {
  path: '/simulated',
  noSubdir: false,
  readOnly: false,
  encoding: 'binary',
  keyEncoding: 'binary',
  overlappingSync: false,
  eventTurnBatching: false,
  maxDbs: 16,
  maxReaders: 1024,
};

/** This machine, but for LMDB itself and its folder. */
export function lmdbInMemory(disk = new LmdbDisk(), link: Partial<LmdbLink> = {}): LmdbHost {
  return {
    ...lmdbMachine,
    folderOf: name => `/simulated/${name}`,
    prepareFolder: () => {},
    turnsOf: path => folderTurns(path, new Map()),
    open: options => new SimulatedLmdb(disk, options, { ...atOnce, ...link }),
  };
}
