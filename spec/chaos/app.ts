/**
 * One process of the app under test: the purchases topology as it is, on kafkajs and LMDB, with its fail points. Started
 * by {@link Member}; its argument is the task as JSON, its orders come by IPC.
 *
 * Each member has a store of its own, since LMDB wants one writing process at a time; the checker takes all of them
 * together. A member that is started again goes on with the same one.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type AppOptions, createApp, memoryMetrics, string } from 'kafka-rx';
import { kafkajs } from 'kafka-rx/kafkajs';
import { lmdb } from 'kafka-rx/lmdb';
import { historyOptions, purchases } from '../../demos/purchases/topology.js';
import { changingFlow } from './changing-flow.js';
import { changingStore } from './changing-topics.js';
import { lettersTopic } from './exactly-once/acceptance-topics.js';
import { FailPoints } from './fail-points.js';
import { LeftOutPartitions } from './left-out-partitions.js';
import { groupId, type Order } from './messages.js';
import { NotingStore } from './noting-store.js';
import { seedBug } from './seeded-bugs.js';
import { runSupervised, taskOfProcess, watchProcess } from './supervised.js';

/** The poison of the load becomes dead letters, however much of it a short run brings. */
const exactlyOnce: Partial<AppOptions> = {
  guarantee: 'exactly-once',
  policies: { decode: 'dead-letter' },
  deadLetters: { topic: lettersTopic, limit: 'none' },
};

const task = taskOfProcess();
watchProcess();
const metrics = memoryMetrics();
const failPoints = new FailPoints(task.guarantee);
const leftOut = new LeftOutPartitions();
if (task.path === 'fast') leftOut.install(task.bug === 'ignore-missing-partition');

const store = new NotingStore(lmdb('history', { ...historyOptions, directory: task.folder }), task.folder);
const app = createApp({
  groupId,
  // A new group, before anything was written; what is younger than it begins at its first record all the same.
  startFrom: 'latest',
  discoveryMs: 2_000,
  driver: failPoints.wrap(
    kafkajs({ brokers: task.brokers, path: task.path, metadataMaxAgeMs: 3_000, requestTimeoutMs: 5_000 }),
    seedBug(task.bug),
  ),
  sessionTimeoutMs: 6_000,
  rebalanceTimeoutMs: 15_000,
  commit: { intervalMs: 200 },
  metrics,
  ...(task.guarantee === 'exactly-once' && exactlyOnce),
});
purchases(app, store);
const copies = join(task.folder, changingStore);
mkdirSync(copies, { recursive: true });
const copiesStore = new NotingStore(lmdb(changingStore, { value: string, directory: copies }), copies);
changingFlow(app, copiesStore);

function obey(order: Order): void {
  if (order.order === 'slow-store')
    for (const one of [store, copiesStore]) one.slow(order.delayMs, order.forMs);
  if (order.order === 'fail-store') store.fail(order.writes);
  if (order.order === 'block-event-loop') block(order.forMs);
  if (order.order === 'kill-before-commit') failPoints.killBeforeCommit();
  if (order.order === 'kill-mid-batch') failPoints.killMidBatch();
  if (order.order === 'stop-before-end') failPoints.stopBeforeEnd();
  if (order.order === 'refuse-commits') failPoints.refuseCommits(order.forMs);
  if (order.order === 'leave-out-partitions') leftOut.begin(order.forMs);
}

function block(forMs: number): void {
  const until = performance.now() + forMs;
  while (performance.now() < until);
}

await runSupervised(app, metrics, obey);
