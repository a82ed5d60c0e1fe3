/**
 * The broker settings of tests, benchmarks and `npm run kafka`: Kafka's defaults, but for what is listed here with its
 * reason. `compose.yaml` repeats them for Docker, and spec/broker/harness.spec.ts holds the two equal.
 */

export type NodeCount = 1 | 3;

/** A further door to each node, for example for a proxy that breaks connections, or with another security protocol. */
export interface ExtraListener {
  /** Upper-case letters, such as `PROXIED`. */
  readonly name: string;
  /** Default `PLAINTEXT`. For SASL and TLS give the rest in `properties`, under `listener.name.<name>.…`. */
  readonly protocol?: 'PLAINTEXT' | 'SASL_PLAINTEXT' | 'SSL' | 'SASL_SSL';
  /**
   * `host:port` for each node, in order: what clients that came in by this listener are told to connect to. A proxy
   * needs it, or its clients would leave it after their first request. Default: the listener's own address.
   */
  readonly advertised?: readonly string[];
}

/** Where a node listens: `clients` and `controller` always, and one for each extra listener by its name. */
export interface NodeAddresses {
  readonly clients: string;
  readonly controller: string;
  readonly extra: Readonly<Record<string, string>>;
}

/** What does not depend on the node. */
export function clusterSettings(nodes: NodeCount): Record<string, string> {
  const replicas = String(nodes);
  const minInSync = nodes === 3 ? '2' : '1';
  return {
    'auto.create.topics.enable': 'false', // a mistyped topic is an error, not an empty topic
    'default.replication.factor': replicas,
    'min.insync.replicas': minInSync,
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': minInSync,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': minInSync,
    'offsets.topic.num.partitions': '5', // 50 by default, which the first consumer and every restart wait for
    'transaction.state.log.num.partitions': '5', // likewise
    'group.initial.rebalance.delay.ms': '0', // 3 s by default, at the start of every test
    'group.min.session.timeout.ms': '1000', // 6 s by default; tests of lost members want to be shorter
    'broker.session.timeout.ms': '4000', // 9 s by default, which a node restarted after a SIGKILL waits for
    'broker.heartbeat.interval.ms': '1000', // 2 s by default; several must fit into the session
    'log.retention.ms': '-1', // retention goes by record timestamps: records of 1997 would be deleted while one reads them
    'log.cleaner.dedupe.buffer.size': '16777216', // 128 MiB by default, out of a heap of 384
  };
}

/** What a node is told about itself and its peers. */
export interface NodeSettings {
  readonly id: number;
  readonly addresses: NodeAddresses;
  /** The addresses of all nodes, this one too; node n is the n-th. */
  readonly all: readonly NodeAddresses[];
  readonly listeners: readonly ExtraListener[];
  readonly logDir: string;
  /** What the user of the cluster wants otherwise; wins over everything. */
  readonly properties: Readonly<Record<string, string>>;
}

/** The text of a node's server.properties. */
export function serverProperties(node: NodeSettings): string {
  const doors = [
    {
      name: 'CLIENTS',
      protocol: 'PLAINTEXT',
      bind: node.addresses.clients,
      advertised: node.addresses.clients,
    },
    ...node.listeners.map(({ name, protocol, advertised }) => {
      const bind = node.addresses.extra[name] ?? '';
      return { name, protocol: protocol ?? 'PLAINTEXT', bind, advertised: advertised?.[node.id - 1] ?? bind };
    }),
  ];
  const protocols = doors.map(door => `${door.name}:${door.protocol}`);
  const listeners = doors.map(door => `${door.name}://${door.bind}`);
  const settings: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': String(node.id),
    'controller.quorum.voters': node.all.map((peer, i) => `${i + 1}@${peer.controller}`).join(),
    listeners: [...listeners, `CONTROLLER://${node.addresses.controller}`].join(),
    'advertised.listeners': doors.map(door => `${door.name}://${door.advertised}`).join(),
    'listener.security.protocol.map': [...protocols, 'CONTROLLER:PLAINTEXT'].join(),
    'inter.broker.listener.name': 'CLIENTS',
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': node.logDir,
    ...clusterSettings(node.all.length === 3 ? 3 : 1),
    ...node.properties,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${escaped(value)}\n`);
  return lines.join('');
}

/** Java reads these files as Latin-1, with backslash as the escape. */
function escaped(value: string): string {
  return value
    .replaceAll('\\', '\\\\')
    .replace(/[^\x20-\x7e]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
