/**
 * A real Kafka cluster on this machine for tests and benchmarks: one or three nodes in KRaft combined mode, on free
 * ports of 127.0.0.1, in a temporary folder, with a fresh cluster id. A node ends when the process that started it
 * does (see node.ts).
 */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { HarnessError } from './harness-error.js';
import { createNode, type KafkaNode } from './node.js';
import { freePorts, isFree } from './ports.js';
import { type KafkaJars, provision } from './provision.js';
import { describe } from './ready.js';
import { run, tellingLine } from './run.js';
import { type ExtraListener, type NodeAddresses, type NodeCount, serverProperties } from './settings.js';

const formatTimeoutMs = 60_000;
const peersTimeoutMs = 30_000;
const attempts = 3;

const small = ['-Xmx384m', '-XX:+UseSerialGC', '-Djava.awt.headless=true'];
const jvms = {
  'fast-start': [...small, '-XX:TieredStopAtLevel=1'],
  small,
  'as-kafka': [
    ...[
      '-Xms1g',
      '-Xmx1g',
      '-XX:+UseG1GC',
      '-XX:MaxGCPauseMillis=20',
      '-XX:InitiatingHeapOccupancyPercent=35',
    ],
    ...['-XX:+ExplicitGCInvokesConcurrent', '-Djava.awt.headless=true'],
  ],
} as const;

export interface ClusterOptions {
  /** Default 1. With 3: replication factor 3, min.insync.replicas 2. */
  readonly nodes?: NodeCount;
  /** Broker settings that win over those of settings.ts. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Further listeners on each node, see {@link ExtraListener}. */
  readonly listeners?: readonly ExtraListener[];
  /** Users of SCRAM from the beginning, for both of its mechanisms. */
  readonly scramUsers?: readonly { readonly name: string; readonly password: string }[];
  /** An empty or absent folder to use; it is kept by `stop()`. Default: a temporary one, removed by `stop()`. */
  readonly dataDir?: string;
  /** The port of the first node. Default: any free one. */
  readonly port?: number;
  /**
   * How Java runs each node. `fast-start` (the default): a heap of 384 MiB and the first compiler only, ready a third sooner,
   * slower under load. `small`: the same heap, all compilers. `as-kafka`: what Kafka's own start scripts set, for benchmarks; with a
   * small heap the broker stands still for 10 ms about every second.
   */
  readonly jvm?: keyof typeof jvms;
  /** The nodes outlive this process; each has its pid in `<dataDir>/node-<id>/pid`. Default false. */
  readonly detached?: boolean;
}

export interface KafkaCluster {
  /** `host:port` of each node, to give to a client. */
  readonly brokers: string[];
  readonly clusterId: string;
  readonly nodes: readonly KafkaNode[];
  readonly dataDir: string;
  /** Stops all nodes and removes the data, unless the folder was given. */
  stop(): Promise<void>;
}

/**
 * Starts a cluster; resolves when every node answers with our cluster id and knows all the others. Rejects with a
 * {@link HarnessError} after at most about 60 s; the log files, which it names, are then kept.
 */
export async function startCluster(options: ClusterOptions = {}): Promise<KafkaCluster> {
  check(options);
  const jars = await provision();
  if (options.port !== undefined && !(await isFree(options.port))) {
    throw new HarnessError(
      'port',
      `Port ${options.port} of 127.0.0.1 is taken; choose another or stop what listens there.`,
    );
  }
  const dataDir = await prepareDir(options.dataDir);
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(options, jars, dataDir);
    } catch (error) {
      // Between finding a port free and Java's binding it there is a second in which another process can take it.
      const portLost = error instanceof HarnessError && error.code === 'port';
      if (!portLost || attempt === attempts || options.port !== undefined) throw error;
      for (const entry of await readdir(dataDir))
        await rm(join(dataDir, entry), { recursive: true, force: true });
    }
  }
}

async function startOnce(options: ClusterOptions, jars: KafkaJars, dataDir: string): Promise<KafkaCluster> {
  const clusterId = freshClusterId();
  const remove = options.dataDir === undefined ? dataDir : '';
  const all = await chooseAddresses(options);
  const nodes = await Promise.all(
    all.map(async (addresses, i) => {
      const dir = join(dataDir, `node-${i + 1}`);
      await format(jars, dir, clusterId, { id: i + 1, addresses, all, options });
      return createNode({
        id: i + 1,
        dir,
        addresses,
        clusterId,
        jars,
        jvmOptions: jvms[options.jvm ?? 'fast-start'],
        onParentDeath: options.detached ? 'detached' : { remove },
      });
    }),
  );

  try {
    await Promise.all(nodes.map(node => node.start()));
    await Promise.all(all.map(addresses => knowsAll(addresses.clients, nodes.length)));
  } catch (error) {
    await Promise.all(nodes.map(node => node.kill()));
    throw error;
  }

  return {
    brokers: all.map(addresses => addresses.clients),
    clusterId,
    nodes,
    dataDir,
    async stop() {
      await Promise.all(nodes.map(node => node.stop()));
      if (remove !== '') await rm(remove, { recursive: true, force: true });
    },
  };
}

/** Kafka writes a cluster id as 22 characters of base64url, and takes one that begins with a dash for an option. */
function freshClusterId(): string {
  const id = randomBytes(16).toString('base64url');
  return id.startsWith('-') ? freshClusterId() : id;
}

/** A node answers before it has heard of its peers, and a topic made then could not have its replicas. */
async function knowsAll(address: string, count: number): Promise<void> {
  const deadline = performance.now() + peersTimeoutMs;
  while ((await describe(address))?.nodeIds.length !== count) {
    if (performance.now() > deadline) {
      throw new HarnessError(
        'start',
        `The node on ${address} did not see ${count} nodes in ${peersTimeoutMs} ms.`,
      );
    }
    await delay(50);
  }
}

function check({ nodes = 1, listeners = [] }: ClusterOptions): void {
  for (const { name, advertised } of listeners) {
    if (!/^[A-Z]+$/.test(name) || name === 'CLIENTS' || name === 'CONTROLLER') {
      throw new HarnessError(
        'usage',
        `Listener "${name}": a name is upper-case letters, not CLIENTS or CONTROLLER.`,
      );
    }
    if (advertised !== undefined && advertised.length !== nodes) {
      throw new HarnessError('usage', `Listener "${name}": advertised needs ${nodes} addresses, one a node.`);
    }
  }
}

async function prepareDir(wanted: string | undefined): Promise<string> {
  if (wanted === undefined) return mkdtemp(join(tmpdir(), 'kafka-rx-'));
  await mkdir(wanted, { recursive: true });
  if ((await readdir(wanted)).length > 0) {
    throw new HarnessError(
      'usage',
      `The data folder ${wanted} is not empty; give an empty one, or delete it.`,
    );
  }
  return wanted;
}

async function chooseAddresses(options: ClusterOptions): Promise<NodeAddresses[]> {
  const { nodes = 1, listeners = [], port } = options;
  const free = await freePorts(nodes * (2 + listeners.length));
  const next = (): string => `127.0.0.1:${free.shift()}`;
  return Array.from({ length: nodes }, (_, i) => {
    const chosen = next();
    return {
      clients: i === 0 && port !== undefined ? `127.0.0.1:${port}` : chosen,
      controller: next(),
      extra: Object.fromEntries(listeners.map(({ name }) => [name, next()])),
    };
  });
}

interface Formatted {
  readonly id: number;
  readonly addresses: NodeAddresses;
  readonly all: readonly NodeAddresses[];
  readonly options: ClusterOptions;
}

/** Writes a node's settings and lets Kafka's own tool prepare its folder. */
async function format(jars: KafkaJars, dir: string, clusterId: string, node: Formatted): Promise<void> {
  const { id, addresses, all, options } = node;
  const file = join(dir, 'server.properties');
  const { listeners = [], properties = {}, scramUsers = [] } = options;
  await mkdir(dir, { recursive: true });
  await writeFile(
    file,
    serverProperties({ id, addresses, all, listeners, logDir: join(dir, 'log'), properties }),
  );
  const java = ['-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
  const logging = `-Dlog4j2.configurationFile=${jars.logConfig}`;
  const tool = ['-cp', jars.classPath, 'kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', file];
  const users = scramUsers.flatMap(({ name, password }) =>
    ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap(mechanism => [
      '--add-scram',
      `${mechanism}=[name=${name},password=${password}]`,
    ]),
  );
  const { code, stdout, stderr } = await run(
    jars.java,
    [...java, logging, ...tool, ...users],
    formatTimeoutMs,
  );
  if (code !== 0) {
    const why = tellingLine(`${stderr}\n${stdout}`);
    throw new HarnessError(
      'start',
      `Kafka node ${id} could not be prepared in ${dir}; are its properties right? ${why}`,
    );
  }
}
