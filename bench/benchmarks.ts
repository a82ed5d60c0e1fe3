import type { Benchmark } from './benchmark.js';
import { guaranteePeers } from './peers/peer-names.js';

/** All benchmarks by their name on the command line. */
export const benchmarks: Readonly<Record<string, Benchmark>> = {
  flow: {
    summary: 'purchases through a real broker, beside hand-tuned peers; outputs read back',
    defaultRounds: 5,
    takes: ['peers', 'records'],
    ownProcesses: true,
    load: async () => (await import('./flow/flow.js')).measureFlow,
  },
  latency: {
    summary:
      'ms end to end at 1,000 and 10,000/s, open loop; target: p99 at most 10, a tenth of Kafka Streams as it comes',
    defaultRounds: 3,
    takes: ['peers'],
    ownProcesses: true,
    load: async () => (await import('./latency/latency.js')).measureLatency,
  },
  guarantee: {
    summary:
      'purchases at least once and exactly once, beside Kafka Streams; outputs read back committed, p99 at 1,000/s',
    defaultRounds: 3,
    takes: ['peers', 'records'],
    peers: guaranteePeers,
    ownProcesses: true,
    load: async () => (await import('./guarantee/guarantee.js')).measureGuarantee,
  },
  units: {
    summary:
      'purchases exactly once at 4, 100 and 1,000 partitions of a real broker, and p99 by interval; target: 100 cost at most 1.3 times 4',
    defaultRounds: 3,
    takes: ['records'],
    ownProcesses: true,
    load: async () => (await import('./guarantee/units.js')).measureUnits,
  },
  state: {
    summary:
      'counts by key, window and session in memory and on disk, beside Kafka Streams; results read back; target: 0.8 of its CPU, its throughput',
    defaultRounds: 3,
    takes: ['peers', 'records', 'keys', 'only'],
    peers: guaranteePeers,
    ownProcesses: true,
    load: async () => (await import('./state/state.js')).measureState,
  },
  restore: {
    summary:
      'rows/s of a state read from its changelog, and ms of a restart on its folder, beside Kafka Streams; target: as fast, 2 s',
    defaultRounds: 3,
    takes: ['peers', 'records'],
    peers: guaranteePeers,
    ownProcesses: true,
    load: async () => (await import('./restore/restore.js')).measureRestore,
  },
  commit: {
    summary: 'ns a record through commitInOrder(), settled in random order; target: at most 50',
    defaultRounds: 7,
    load: async () => (await import('./commit.js')).measureCommit,
  },
  overhead: {
    summary:
      'the purchase topology without a broker against a bare loop; target: at most 500 ns a purchase above',
    defaultRounds: 7,
    ownProcesses: true,
    load: async () => (await import('./overhead/overhead.js')).measureOverhead,
  },
  partitions: {
    summary: 'ns a record at 4, 100 and 1,000 partitions; target: 1,000 cost at most 1.3 times 4',
    defaultRounds: 7,
    load: async () => (await import('./partitions.js')).measurePartitions,
  },
  store: {
    summary: 'LMDB: documents a second written, read by id and by customer, every write flushed',
    defaultRounds: 5,
    takes: ['records'],
    load: async () => (await import('./store.js')).measureStore,
  },
  soak: {
    summary: 'ten million purchases without a broker; target: RSS grows by less than 1 % a million',
    defaultRounds: 1,
    takes: ['records'],
    load: async () => (await import('./soak/soak.js')).measureSoak,
  },
  'broker-soak': {
    summary: 'five million purchases through a real broker; target: RSS grows by less than 1 % a million',
    defaultRounds: 1,
    takes: ['records'],
    ownProcesses: true,
    load: async () => (await import('./soak/broker-soak.js')).measureBrokerSoak,
  },
  memory: {
    summary: 'a million purchases into a store that takes 50 ms a write; target: heap stays flat',
    defaultRounds: 1,
    load: async () => (await import('./memory.js')).measureMemory,
  },
  redact: {
    summary: 'redact() on 1 MiB of each worst case; target: at most 50 ms of CPU each',
    defaultRounds: 7,
    load: async () => (await import('./redact.js')).measureRedact,
  },
};
