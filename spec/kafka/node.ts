/**
 * One node of a cluster: a Java process that is broker and controller, its folder and its addresses. It can be killed,
 * suspended and started again on the same ports and data, which is what fault tests do with it.
 *
 * A node must not outlive the process that started it, however that one ends, SIGKILL included; no exit handler
 * sees that. So each node is started by a shell that first forks a watcher and then becomes Java by `exec`. The
 * watcher reads from a pipe whose other end only the parent has: when the parent is gone, the kernel closes it, the
 * read fails at once, and the watcher kills its shell's pid, which is Java's. There is no moment without a watcher, no
 * polling, and no parent's pid that could be reused. A node that ended by itself is told to the watcher by a line.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { HarnessError } from './harness-error.js';
import type { KafkaJars } from './provision.js';
import { describe, foreign } from './ready.js';
import { tellingLine } from './run.js';
import type { NodeAddresses } from './settings.js';

const readyTimeoutMs = 60_000;
const stopTimeoutMs = 20_000;
const pollMs = 50;

/** $1 is a folder to remove after the kill, or empty; the rest is the command. */
const watched = `
{ read -r _ <&3 || { kill -9 $$; [ -z "$1" ] || { sleep 1; rm -rf "$1"; }; }; } >/dev/null 2>&1 &
shift
exec "$@" 3<&-`;

export interface KafkaNode {
  /** From 1. */
  readonly id: number;
  /** Undefined while it is not running. */
  readonly pid: number | undefined;
  readonly addresses: NodeAddresses;
  /** All that the process ever wrote, over its restarts. */
  readonly logFile: string;
  /**
   * Starts it on the same ports and data; resolves when it answers as a member of its cluster. Of three nodes two must
   * run for that: start them together.
   */
  start(): Promise<void>;
  /** Resolves when the process is gone. SIGKILL unless told otherwise; SIGTERM is unbounded here, see {@link stop}. */
  kill(signal?: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  /** SIGSTOP: the sockets stay open and nothing answers. */
  suspend(): void;
  /** SIGCONT. */
  resume(): void;
  /** A clean shutdown by SIGTERM; after 20 s SIGKILL. */
  stop(): Promise<void>;
}

export interface NodePlan {
  readonly id: number;
  readonly dir: string;
  readonly addresses: NodeAddresses;
  readonly clusterId: string;
  readonly jars: KafkaJars;
  readonly jvmOptions: readonly string[];
  /** `detached`: no watcher, and the pid in the file `pid`. A string: removed by the watcher; empty for nothing. */
  readonly onParentDeath: { readonly remove: string } | 'detached';
}

export function pidFile(nodeDir: string): string {
  return join(nodeDir, 'pid');
}

export function createNode(plan: NodePlan): KafkaNode {
  const logFile = join(plan.dir, 'server.log');
  const address = plan.addresses.clients;
  let child: ChildProcess | undefined;

  const signal = (name: NodeJS.Signals): void => {
    child?.kill(name);
  };

  async function gone(process: ChildProcess): Promise<void> {
    if (process.exitCode !== null || process.signalCode !== null) return;
    process.ref(); // it was unreferenced, and now it is what we wait for
    await once(process, 'exit');
  }

  function died(end: string): HarnessError {
    const log = readFileSync(logFile, 'utf8');
    const what = `Kafka node ${plan.id} ended (${end}) before it was ready`;
    const bind = /^.*Address already in use.*$/m.exec(log)?.[0];
    if (bind !== undefined)
      return new HarnessError('port', `${what}, a port of it is taken: ${bind.trim()} (${logFile})`);
    return new HarnessError('start', `${what}: ${tellingLine(log)} (${logFile})`);
  }

  async function ready(process: ChildProcess): Promise<void> {
    const deadline = performance.now() + readyTimeoutMs;
    while (performance.now() < deadline) {
      if (process.exitCode !== null || process.signalCode !== null) {
        const end = process.signalCode ?? `exit code ${process.exitCode}`;
        throw died(end);
      }
      const answer = await describe(address);
      if (answer !== undefined && answer.clusterId !== plan.clusterId) {
        throw foreign(address, answer.clusterId, plan.clusterId);
      }
      if (answer?.nodeIds.includes(plan.id)) return;
      await delay(pollMs);
    }
    const bound = `${readyTimeoutMs / 1000} s`;
    throw new HarnessError(
      'start',
      `Kafka node ${plan.id} on ${address} was not ready in ${bound}; see ${logFile}`,
    );
  }

  return {
    id: plan.id,
    addresses: plan.addresses,
    logFile,
    get pid() {
      return child?.pid;
    },

    async start() {
      if (child !== undefined) throw new HarnessError('usage', `Kafka node ${plan.id} is running already.`);
      const started = launch(plan, logFile);
      child = started;
      started.once('exit', () => {
        if (child === started) child = undefined;
      });
      try {
        await ready(started);
      } catch (error) {
        started.kill('SIGKILL');
        await gone(started);
        throw error;
      }
    },

    async kill(name = 'SIGKILL') {
      const process = child;
      signal(name);
      if (process !== undefined) await gone(process);
    },

    suspend: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),

    async stop() {
      const process = child;
      if (process === undefined) return;
      signal('SIGTERM');
      signal('SIGCONT'); // a suspended process would keep the SIGTERM pending
      const late = setTimeout(() => process.kill('SIGKILL'), stopTimeoutMs);
      await gone(process);
      clearTimeout(late);
    },
  };
}

function launch(plan: NodePlan, logFile: string): ChildProcess {
  const { java, classPath, logConfig } = plan.jars;
  const logging = [`-Dlog4j2.configurationFile=${logConfig}`, '-Dkafka.rx.log=INFO'];
  const main = ['-cp', classPath, 'kafka.Kafka', join(plan.dir, 'server.properties')];
  const args = [...plan.jvmOptions, ...logging, ...main];
  const detached = plan.onParentDeath === 'detached';
  const remove = plan.onParentDeath === 'detached' ? '' : plan.onParentDeath.remove;

  // A session of its own: a Ctrl-C is for the parent, which may want to stop in its own order.
  const log = openSync(logFile, 'a');
  const child = detached
    ? spawn(java, args, { detached: true, stdio: ['ignore', log, log] })
    : spawn('sh', ['-c', watched, 'sh', remove, java, ...args], {
        detached: true,
        stdio: ['ignore', log, log, 'pipe'],
      });
  closeSync(log);
  child.once('error', () => {}); // not started at all: told by the missing pid below
  if (child.pid === undefined)
    throw new HarnessError('start', `Kafka node ${plan.id}: ${java} could not be started.`);

  if (detached) writeFileSync(pidFile(plan.dir), String(child.pid));
  else letWatcherGo(child);
  child.unref(); // a test that forgets to stop its cluster shall end all the same
  return child;
}

function letWatcherGo(child: ChildProcess): void {
  // The fourth entry of stdio is a socket because launch asked for a pipe.
  const pipe = child.stdio[3] as Writable & { unref(): void };
  pipe.on('error', () => {}); // the watcher may be gone first
  pipe.unref();
  child.once('exit', () => pipe.end('ended\n'));
}
