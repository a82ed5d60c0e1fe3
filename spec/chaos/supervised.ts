/**
 * The process half of a {@link Member}: what every program that it starts does alike. The program's argument is its task as JSON, its
 * orders come by IPC, and what it has to say goes back that way.
 */
import type { App, memoryMetrics } from 'kafka-rx';
import type { AppTask, Order, Report } from './messages.js';
import { told } from './told.js';

/** Short beside what a record takes, so that `in flight` is that of the moment, and beside what a transaction lasts. */
const statusMs = 25;

export function taskOfProcess(): AppTask {
  return JSON.parse(process.argv[2] ?? '{}');
}

/** Tells of what nobody handles, and ends with whoever started it. Before anything else is made. */
export function watchProcess(): void {
  process.on('unhandledRejection', reason =>
    tell({ report: 'rejection', text: `unhandled rejection: ${textOf(reason)}` }),
  );
  process.on('uncaughtException', error => {
    tell({ report: 'rejection', text: `uncaught exception: ${textOf(error)}` });
    setTimeout(() => process.exit(1), 100);
  });
  process.on('disconnect', () => process.exit(1));
}

/**
 * Runs the app until it has stopped, telling its events and status all the while; `stop` is an order of its own. Then the process ends.
 * @param ordered what any other order asks for
 */
export async function runSupervised(
  app: App,
  metrics: ReturnType<typeof memoryMetrics>,
  ordered: (order: Order) => void,
): Promise<void> {
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
    if (order.order === 'stop') void stop(app, order.deadlineMs);
    else ordered(order);
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
}

async function stop(app: App, deadlineMs: number): Promise<void> {
  const from = performance.now();
  await app.stop({ deadlineMs });
  tell({ report: 'stopped', tookMs: Math.round(performance.now() - from) });
}

function tell(report: Report): void {
  // The supervisor may be gone; then so is this process, by `disconnect`.
  if (process.connected) process.send?.(report, undefined, undefined, () => {});
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
