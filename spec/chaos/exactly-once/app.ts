/**
 * One process of the app under the acceptance of exactly once: the purchases topology, its poison as dead letters, and a store that
 * forgets, since a store has no part in a transaction. Started by {@link Member}; its argument is the task as JSON, its orders come by IPC.
 */
import { createApp, type Driver, memoryMetrics } from 'kafka-rx';
import { kafkajs } from 'kafka-rx/kafkajs';
import { NullStore } from '../../../bench/null-store.js';
import type { MaskedPurchase } from '../../../demos/purchases/model.js';
import { purchases } from '../../../demos/purchases/topology.js';
import { type AppTask, groupId, type Order, type Report } from '../messages.js';
import { told } from '../told.js';
import { lettersTopic } from './acceptance-topics.js';

/** Short beside what a transaction lasts. */
const statusMs = 25;

const task: AppTask = JSON.parse(process.argv[2] ?? '{}');
const metrics = memoryMetrics();

function tell(report: Report): void {
  if (process.connected) process.send?.(report, undefined, undefined, () => {});
}

process.on('unhandledRejection', reason =>
  tell({ report: 'rejection', text: `unhandled rejection: ${String(reason)}` }),
);
process.on('uncaughtException', error => {
  tell({ report: 'rejection', text: `uncaught exception: ${String(error)}` });
  setTimeout(() => process.exit(1), 100);
});
process.on('disconnect', () => process.exit(1));

let killBeforeCommit = false;

/** As told, the process dies when all of a transaction is written and its end is about to be asked for; without transactions, at once. */
function dyingInUnits(driver: Driver): Driver {
  return {
    ...driver,
    async connect(context) {
      const connection = await driver.connect(context);
      const { unitOfWork } = connection;
      if (unitOfWork === undefined) return connection;
      return Object.assign(connection, {
        async unitOfWork(...asked: Parameters<typeof unitOfWork>) {
          const unit = await unitOfWork.call(connection, ...asked);
          const commit = unit.commit.bind(unit);
          unit.commit = offsets => {
            if (killBeforeCommit) die();
            return commit(offsets);
          };
          return unit;
        },
      });
    },
  };
}

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

const app = createApp({
  groupId,
  guarantee: task.guarantee,
  startFrom: 'earliest',
  driver: dyingInUnits(kafkajs({ brokers: task.brokers, metadataMaxAgeMs: 3_000, requestTimeoutMs: 5_000 })),
  sessionTimeoutMs: 6_000,
  rebalanceTimeoutMs: 15_000,
  policies: { decode: 'dead-letter' },
  deadLetters: { topic: lettersTopic, limit: 'none' },
  metrics,
});
purchases(app, new NullStore<MaskedPurchase>());

app.events$.subscribe(event => {
  const text = told(event);
  if (text !== undefined) tell({ report: 'event', atMs: Date.now(), text });
});
const status = setInterval(() => {
  const { state, ready } = app.health();
  const inFlight = metrics.value('kafka_rx_in_flight_records');
  const consumed = metrics.value('kafka_rx_records_consumed_total');
  const rssMb = Math.round(process.memoryUsage.rss() / 2 ** 20);
  tell({ report: 'status', state, ready, inFlight, consumed, rssMb });
}, statusMs);

process.on('message', (order: Order) => {
  if (order.order === 'kill-before-commit') {
    killBeforeCommit = true;
    if (task.guarantee === 'at-least-once') die();
  }
  if (order.order !== 'stop') return;
  const from = performance.now();
  void app
    .stop({ deadlineMs: order.deadlineMs })
    .then(() => tell({ report: 'stopped', tookMs: Math.round(performance.now() - from) }));
});

try {
  await app.run();
  process.exitCode = 0;
} catch {
  process.exitCode = 1; // told as an event already; the supervisor starts it again
} finally {
  clearInterval(status);
  setTimeout(() => process.exit(), 50);
}
