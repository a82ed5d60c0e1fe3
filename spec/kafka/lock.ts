/**
 * A lock between processes: a file that holds the pid of its owner. A lock whose owner has died is taken over. Two
 * processes that take over the same one at the same moment can both get in; what is done under the lock is
 * therefore also safe twice (a temporary folder and a rename), and the lock is there to spare work and noise.
 */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { HarnessError } from './harness-error.js';

const retryMs = 200;

/** Runs `work` while this process holds the lock file `path`; waits up to `waitMs` (default 5 minutes) for it. */
export async function withLock<T>(path: string, work: () => Promise<T>, waitMs = 300_000): Promise<T> {
  const deadline = performance.now() + waitMs;
  while (!(await take(path))) {
    const owner = Number(await readFile(path, 'utf8').catch(() => ''));
    // An empty file is one that its owner has created and not yet written, or left so by dying: only time tells.
    if (owner > 0 && !isAlive(owner)) await rm(path, { force: true });
    else if (performance.now() > deadline) {
      throw new HarnessError(
        'lock',
        `${path} is held by process ${owner}; if it is not yours, delete the file.`,
      );
    } else await delay(retryMs);
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function take(path: string): Promise<boolean> {
  try {
    await writeFile(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
