/**
 * One process of the app under the acceptance of exactly once: the purchases topology, its poison as dead letters, and a store that
 * forgets, since a store has no part in a transaction. Started by {@link Member}; its argument is the task as JSON, its orders come by IPC.
 */
import { createApp, memoryMetrics } from 'kafka-rx';
import { kafkajs } from 'kafka-rx/kafkajs';
import { NullStore } from '../../../bench/null-store.js';
import type { MaskedPurchase } from '../../../demos/purchases/model.js';
import { purchases } from '../../../demos/purchases/topology.js';
import { die } from '../die.js';
import { FailPoints } from '../fail-points.js';
import { groupId } from '../messages.js';
import { runSupervised, taskOfProcess, watchProcess } from '../supervised.js';
import { lettersTopic } from './acceptance-topics.js';

const task = taskOfProcess();
watchProcess();
const metrics = memoryMetrics();

const failPoints = new FailPoints(task.guarantee);

const app = createApp({
  groupId,
  guarantee: task.guarantee,
  startFrom: 'earliest',
  driver: failPoints.wrap(
    kafkajs({ brokers: task.brokers, metadataMaxAgeMs: 3_000, requestTimeoutMs: 5_000 }),
  ),
  sessionTimeoutMs: 6_000,
  rebalanceTimeoutMs: 15_000,
  policies: { decode: 'dead-letter' },
  deadLetters: { topic: lettersTopic, limit: 'none' },
  metrics,
});
purchases(app, new NullStore<MaskedPurchase>());

await runSupervised(app, metrics, ({ order }) => {
  if (order !== 'kill-before-commit') return;
  // Without transactions no moment is better than another.
  if (task.guarantee === 'at-least-once') die();
  failPoints.killBeforeCommit();
});
