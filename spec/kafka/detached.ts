/**
 * The one cluster of `npm run kafka -- up`, which outlives the command. Its data folder is its state: the nodes'
 * pids in `node-<id>/pid` from the moment they are spawned, and `cluster.json` once it is ready. So a start that was cut
 * off can still be found and cleaned up.
 */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type ClusterOptions, type KafkaCluster, startCluster } from './cluster.js';
import { pidFile } from './node.js';
import { cacheDir } from './provision.js';
import { run } from './run.js';

const stopTimeoutMs = 20_000;
const pollMs = 50;
const mostNodes = 3;

export interface Running {
  /** Given to clients. Empty if the start was cut off. */
  readonly brokers: readonly string[];
  readonly clusterId: string;
  /** The nodes that were started, and the pids of those that run. */
  readonly nodes: number;
  readonly pids: readonly number[];
  readonly dataDir: string;
}

export function detachedDir(): string {
  return join(cacheDir(), 'cluster');
}

/** What of the detached cluster runs; undefined if nothing does. */
export async function findDetached(): Promise<Running | undefined> {
  const dataDir = detachedDir();
  const pids: number[] = [];
  let nodes = 0;
  for (let id = 1; id <= mostNodes; id++) {
    const dir = join(dataDir, `node-${id}`);
    const pid = Number(await readFile(pidFile(dir), 'utf8').catch(() => ''));
    if (pid === 0) continue;
    nodes++;
    if (await runsIn(pid, dir)) pids.push(pid);
  }
  if (pids.length === 0) return undefined;
  const text = await readFile(join(dataDir, 'cluster.json'), 'utf8').catch(() => '{}');
  const { brokers = [], clusterId = '' }: { brokers?: string[]; clusterId?: string } = JSON.parse(text);
  return { brokers, clusterId, nodes, pids, dataDir };
}

/** Starts it; the folder must not exist. */
export async function startDetached(options: ClusterOptions): Promise<KafkaCluster> {
  const dataDir = detachedDir();
  const cluster = await startCluster({ ...options, dataDir, detached: true, jvm: 'small' });
  const { brokers, clusterId } = cluster;
  await writeFile(join(dataDir, 'cluster.json'), `${JSON.stringify({ brokers, clusterId })}\n`);
  return cluster;
}

/** Stops what runs and removes the data; SIGTERM, and SIGKILL after 20 s. */
export async function stopDetached(): Promise<void> {
  const deadline = performance.now() + stopTimeoutMs;
  send('SIGTERM', await findDetached());
  for (let left = await findDetached(); left !== undefined; left = await findDetached()) {
    if (performance.now() > deadline) send('SIGKILL', left);
    await delay(pollMs);
  }
  await rm(detachedDir(), { recursive: true, force: true });
}

function send(signal: NodeJS.Signals, running: Running | undefined): void {
  for (const pid of running?.pids ?? []) {
    try {
      process.kill(pid, signal);
      if (signal === 'SIGTERM') process.kill(pid, 'SIGCONT'); // or a suspended node would keep it pending
    } catch {
      // it went by itself in the meantime
    }
  }
}

/** A recorded pid may by now be another program's; ours has its folder in its command line. */
async function runsIn(pid: number, nodeDir: string): Promise<boolean> {
  const proc = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  const commandLine = proc ?? (await run('ps', ['-ww', '-o', 'command=', '-p', String(pid)], 5_000)).stdout;
  return commandLine.includes(join(nodeDir, 'server.properties'));
}
