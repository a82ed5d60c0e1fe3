import type { Buffer } from 'node:buffer';
import { realpathSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { open } from 'lmdb';
import { newId } from '../base/new-id.js';
import { dataDirectory } from './data-directory.js';
import { folderTurns } from './folder-turns.js';
import { prepareFolder } from './lmdb-folder.js';
import type { LmdbHost } from './lmdb-host.js';

/** This machine: LMDB itself, the file system and real time. */
export const lmdbMachine: LmdbHost = {
  get hostname() {
    return hostname();
  },
  folderOf: (name, directory) => resolve(directory ?? dataDirectory(name)),
  prepareFolder,
  turnsOf: directory => folderTurns(realpathSync.native(directory)),
  open: options => open<Buffer, Buffer>(options),
  newId,
  later: (task, delayMs) => {
    const handle = setTimeout(task, delayMs).unref();
    return { cancel: () => clearTimeout(handle) };
  },
  nextTurn: () => nextTurn(),
};
