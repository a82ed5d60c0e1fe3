import { rm } from 'node:fs/promises';
import { type Driver, type Health, type Metrics, memoryMetrics, systemClock } from 'kafka-rx';
import { memory } from 'kafka-rx/memory';
import { runWorkers, type Workers } from 'kafka-rx/workers';
import { Activity, type Heard } from './activity.js';
import type { RunArguments } from './arguments.js';
import { cdnowRecords } from './cdnow.js';
import { createMissingTopics, maxRecordBytes, publish, withConnection } from './cluster.js';
import { defaultStoreFolder, embeddedStoreFolder, surroundingsOfProcess } from './data-folder.js';
import { inputRecords } from './input.js';
import { type JobOptions, purchaseJob } from './job.js';
import { UnreadableFileError } from './lines.js';
import { both, type MetricsEndpoint, openMetricsEndpoint } from './metrics-endpoint.js';
import { oneLine } from './one-line.js';
import { showProgress } from './progress.js';
import { runTotals, totalsAsJson } from './run-totals.js';
import { renderSummary } from './summary.js';
import { Tally } from './tally.js';
import { topics } from './topology.js';
import type { WorkerData } from './worker.js';

/** Milliseconds between looks at whether the run is over. */
const lookMs = 50;

/**
 * Processes purchases until the replay has drained, the input has been idle, or a signal.
 *
 * @param signal the first SIGTERM or SIGINT
 * @returns the exit code
 */
export async function runPurchases(request: RunArguments, signal: AbortSignal): Promise<number> {
  const metrics = memoryMetrics();
  const activity = new Activity(metrics, request.workers);
  const tally = new Tally();
  let phase: string | undefined = 'starting';
  const progress = showProgress({
    clock: systemClock,
    snapshot: () => ({
      consumed: activity.look().consumed,
      inFlight: metrics.value('kafka_rx_in_flight_records'),
      lag: activity.assigned ? metrics.value('kafka_rx_lag_records') : undefined,
      phase,
    }),
  });
  let work: Work | undefined;
  let endpoint: MetricsEndpoint | undefined;
  let failure: unknown;
  try {
    if (request.metricsPort !== undefined) {
      endpoint = await openMetricsEndpoint(request.metricsPort, () => work?.health() ?? notMade);
      progress.print(`metrics at ${endpoint.url}`);
    }
    const embedded = request.brokers === undefined;
    const driver = request.brokers === undefined ? memory() : await clusterDriver(request.brokers);
    const store = embedded ? await emptiedFolder(request.store) : request.store;
    progress.print(`history in ${store}`);

    phase = 'publishing';
    let published: number | undefined;
    await withConnection(driver, async connection => {
      if (embedded || request.createTopics) {
        await createMissingTopics(connection, [
          ...topics,
          ...(request.onInvalid === 'dead-letter' ? [request.deadLetterTopic] : []),
        ]);
      }
      if (!embedded && request.input === undefined) return;
      const { input } = request;
      const tooLarge = (line: number, bytes: number): void => {
        const what = `line ${line} of ${input} makes a record of ${bytes} bytes, and a topic takes ${maxRecordBytes}`;
        if (request.onInvalid === 'fail') {
          throw new UnreadableFileError(`${what}: shorten it, or leave it out with --on-invalid skip`);
        }
        progress.print(`${what}: left out`);
      };
      const records = input === undefined ? cdnowRecords() : inputRecords(input, maxRecordBytes, tooLarge);
      published = await publish(connection, 'transactions', records, signal);
    });

    phase = 'waiting for partitions';
    const { group, onInvalid, deadLetterTopic, deadLetterLimit, guarantee, workers } = request;
    const job: JobOptions = {
      group,
      onInvalid,
      deadLetterTopic,
      deadLetterLimit,
      guarantee,
      store,
      connectTimeoutMs: 0,
    };
    const measured = endpoint === undefined ? metrics : both(metrics, endpoint.metrics);
    const hear = (event: Heard, member: number): void => {
      activity.hear(event, member);
      if (activity.assigned) phase = undefined;
      if (event.type === 'resumed-at-store') {
        const { topic, partition, offset, committed } = event;
        progress.print(
          `the history is behind: ${topic}-${partition} goes on at ${offset} instead of ${committed}`,
        );
      }
      if (event.type === 'store-new') {
        const what = event.does === 'refill' ? 'it is filled again' : 'it holds nothing of what came before';
        progress.print(
          `the history is new, and the group has committed with another (${event.because}): ${what}`,
        );
      }
      if (event.type === 'state' && event.state === 'stopping') phase = 'draining';
    };
    const running =
      request.brokers !== undefined && workers > 1
        ? severalWorkers({ brokers: request.brokers, job }, workers, measured, hear)
        : oneApp(job, driver, measured, hear, request.json ? undefined : tally);
    work = running;

    const over = (): boolean => {
      const { consumed } = activity.look();
      if (signal.aborted) return true;
      // Or more: what was in a unit that failed is read again.
      if (embedded) {
        const read =
          published !== undefined && consumed >= published && metrics.value('kafka_rx_lag_records') === 0;
        return read && metrics.value('kafka_rx_in_flight_records') === 0;
      }
      return request.idleExitMs !== undefined && activity.idleMs() >= request.idleExitMs;
    };
    const watch = setInterval(() => {
      if (over()) void running.stop();
    }, lookMs);
    try {
      if (!signal.aborted) await running.run();
    } finally {
      clearInterval(watch);
    }
  } catch (error) {
    failure = error;
  } finally {
    progress.stop();
    await endpoint?.close();
  }

  const totals = runTotals(activity.counts(), activity.busyMs(), request.guarantee);
  if (failure !== undefined) process.stderr.write(`${oneLine(failure)}\n`);
  else if (!request.json) process.stdout.write(renderSummary(totals, tally));
  if (request.json) process.stdout.write(`${totalsAsJson(totals)}\n`);
  return failure === undefined ? 0 : 1;
}

/** Loaded only where it is needed: the embedded broker starts without a Kafka client. */
async function clusterDriver(brokers: readonly string[]): Promise<Driver> {
  const { kafkajs } = await import('kafka-rx/kafkajs');
  return kafkajs({ brokers });
}

/** Without `--store` an embedded run has a folder of its own, emptied at each start. */
async function emptiedFolder(folder: string): Promise<string> {
  if (folder !== defaultStoreFolder(surroundingsOfProcess())) return folder;
  const own = embeddedStoreFolder(surroundingsOfProcess());
  await rm(own, { recursive: true, force: true });
  return own;
}

const notMade: Health = {
  state: 'wiring',
  ready: false,
  live: true,
  reasons: ['the app is not made yet'],
};

/** One app or several workers: what a run needs of either. */
interface Work {
  /** Resolves after a drained stop; rejects with the first failure. Once only. */
  run(): Promise<void>;
  stop(): Promise<void>;
  health(): Health;
}

type Hear = (event: Heard, member: number) => void;

/** @param tally given: the masked purchases are counted for the summary */
function oneApp(job: JobOptions, driver: Driver, metrics: Metrics, hear: Hear, tally?: Tally): Work {
  const { app, masked } = purchaseJob(job, driver, metrics);
  app.events$.subscribe(event => hear(event, 0));
  if (tally !== undefined) masked.subscribe(app.each(({ value }) => tally.add(value), { name: 'summary' }));
  return { run: () => app.run(), stop: () => app.stop(), health: () => app.health() };
}

/** Each worker's records stay in its thread: there is no summary of items and customers then. */
function severalWorkers(data: WorkerData, count: number, metrics: Metrics, hear: Hear): Work {
  let workers: Workers | undefined;
  return {
    run: () => {
      workers = runWorkers(new URL('./worker.mjs', import.meta.url), count, { metrics, data });
      workers.events$.subscribe(({ worker, event }) => hear(event, worker));
      return workers.ended;
    },
    stop: async () => workers?.stop(),
    health: () => workers?.health() ?? notMade,
  };
}
