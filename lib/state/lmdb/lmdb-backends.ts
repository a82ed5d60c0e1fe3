import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { milliseconds, required, text } from '../../base/option-kinds.js';
import { checkArgument, checkOptions, type Fields } from '../../base/option-schema.js';
import { isKafkaRxError } from '../../errors/errors.js';
import { lmdbFailed } from '../../stores/lmdb-failed.js';
import { prepareFolder } from '../../stores/lmdb-folder.js';
import type { StateBackend, StateBackends } from '../backend.js';
import { tombstonesMs } from '../tombstones.js';
import { StateEnvironment } from './environment.js';
import { StateFolders } from './folders.js';
import type { StateHost } from './host.js';
import { LmdbStateBackend, type OpenedFolder } from './lmdb-backend.js';
import { stateMachine } from './machine.js';

/** @category State @since 0.2.0 */
export interface LmdbBackendsOptions {
  /**
   * Milliseconds since its last cut after which a folder is not used any more: what was deleted since then may be gone from the
   * changelog without a trace. Half of the changelogs' `delete.retention.ms`. Default 3.5 days.
   */
  readonly oldestMs?: number | undefined;
}

const backendsOptions: Fields<LmdbBackendsOptions> = { oldestMs: milliseconds(0, { endless: true }) };

const oldestMs = tombstonesMs / 2;

/**
 * States on disk, in embedded LMDB databases: a folder a task, `<directory>/<task>/<incarnation>`.
 *
 * A folder is used again after it was closed, and after its process died if the machine has not been started anew since. Where its owner
 * lives, or nobody can know, a task begins an empty folder and restores.
 *
 * @param directory made, with its parents, where it is missing
 * @example
 * ```ts
 * const totals = app.state('totals', { key: string, value: number, backend: lmdbBackend('/var/lib/sales') });
 * ```
 * @category State @since 0.2.0
 */
export function lmdbBackends(directory: string, options: LmdbBackendsOptions = {}): StateBackends {
  checkArgument('lmdbBackend', 'the directory', required(text), directory);
  checkOptions('lmdbBackend', backendsOptions, options);
  return lmdbBackendsOn(stateMachine, directory, options);
}

/** @internal */
export function lmdbBackendsOn(
  host: StateHost,
  directory: string,
  options: LmdbBackendsOptions = {},
): StateBackends {
  const root = resolve(directory);
  return {
    name: 'lmdb',
    async open(task) {
      try {
        return await openTask(host, join(root, folderOf(task)), task, options.oldestMs ?? oldestMs);
      } catch (error) {
        throw lmdbFailed('open', `state of task ${task} in ${root}`, error);
      }
    },
    async clear() {
      try {
        await clearAll(host, root);
      } catch (error) {
        throw lmdbFailed('write', `the states in ${root}`, error);
      }
    },
  };
}

/** What a process has open stays: of a changelog that is gone it is refused. */
async function clearAll(host: StateHost, root: string): Promise<void> {
  for (const task of existsSync(root) ? readdirSync(root) : []) {
    if (!folderName.test(task)) continue;
    const folders = new StateFolders(host, join(root, task));
    const { usable, useless } = folders.find(Number.POSITIVE_INFINITY);
    await folders.removeAll([...usable, ...useless]);
  }
}

async function openTask(
  host: StateHost,
  parent: string,
  task: string,
  oldest: number,
): Promise<StateBackend> {
  const folders = new StateFolders(host, parent);
  const notBefore = host.now() - oldest;
  const { usable, useless } = folders.find(notBefore);
  const make = async (): Promise<OpenedFolder> => {
    const path = folders.make();
    const environment = await StateEnvironment.open(host, path);
    // Of another format is only what was there.
    return { path, environment: environment as StateEnvironment };
  };
  let opened: OpenedFolder | undefined;
  for (const name of usable) {
    const path = opened === undefined ? folders.take(name) : undefined;
    if (path === undefined) continue;
    opened = await openFormer(host, path, notBefore);
    if (opened === undefined) await folders.remove(path);
  }
  opened ??= await make();
  await folders.removeAll([...useless, ...usable]);
  return new LmdbStateBackend(task, folders, opened, make);
}

/** @returns undefined: it is of no use */
async function openFormer(
  host: StateHost,
  path: string,
  notBefore: number,
): Promise<OpenedFolder | undefined> {
  try {
    prepareFolder(path, false, 'state');
  } catch (error) {
    // It is not LMDB's; what the file system has against it is another matter.
    if (isKafkaRxError(error)) return undefined;
    throw error;
  }
  const environment = await StateEnvironment.open(host, path);
  if (environment === undefined) return undefined;
  if ((environment.checkpoint?.time ?? 0) >= notBefore) return { path, environment };
  await environment.close();
  return undefined;
}

/** As {@link folderOf} makes it: whatever else lies there is not ours. */
const folderName = /^[\w-]{0,100}-[0-9a-f]{16}$/;

/** Readable, and of this task alone, on disks too that take `A` for `a`. */
function folderOf(task: string): string {
  const readable = task.replaceAll(/[^\w-]/g, '_').slice(0, 100);
  return `${readable}-${createHash('sha256').update(task).digest('hex').slice(0, 16)}`;
}
