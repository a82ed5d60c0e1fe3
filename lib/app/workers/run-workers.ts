import type { Worker } from 'node:worker_threads';
import { type Observable, Subject } from 'rxjs';
import { systemClock, type Timer } from '../../base/clock.js';
import { anything, list, required, whole } from '../../base/option-kinds.js';
import { checkArgument, checkOptions, type Fields, faultOf } from '../../base/option-schema.js';
import { errorKind, KafkaRxError, retold, type ToldError } from '../../errors/errors.js';
import { silentLogger } from '../../logging/logger.js';
import { type Metrics, memoryMetrics } from '../../logging/metrics/metrics.js';
import { steadyMetrics } from '../../logging/metrics/steady-metrics.js';
import { defaults } from '../defaults.js';
import type { Health } from '../lifecycle/events.js';
import { HeardEvents } from '../lifecycle/heard-events.js';
import { onSignals } from '../lifecycle/signals.js';
import { metricsKind, signalKind, stopDeadlineMs } from '../options.js';
import { dataKind } from './data-kind.js';
import { entryKind } from './entry-kind.js';
import type { FromWorker, MetricsReport, ToldEvent, ToWorker } from './messages.js';
import { poolHealth } from './pool-health.js';
import { PooledMetrics } from './pooled-metrics.js';
import { startThreads } from './start-threads.js';

/** @category Workers @since 0.1.0 */
export interface WorkersOptions {
  /** Where what all workers measure comes together. Default: nothing is measured. */
  readonly metrics?: Metrics | undefined;
  /** Signals that drain and stop all workers; another one a second later or more ends the process at once. Default: none. */
  readonly signals?: readonly NodeJS.Signals[] | undefined;
  /** Handed to each worker, cloned: plain data. */
  readonly data?: unknown;
  /** Milliseconds that `stop()` and a signal give the drain. Default 30,000. */
  readonly stopDeadlineMs?: number | undefined;
}

export const workersOptions: Fields<WorkersOptions> = {
  metrics: metricsKind,
  signals: list(signalKind),
  data: anything,
  stopDeadlineMs,
};

/** As many as the machine has cores, and no more than the topics have partitions. */
const countKind = required(whole(1));

/** What happened to a worker's app; errors in it are plain data. @category Workers @since 0.1.0 */
export interface WorkerEvent {
  /** From 0. */
  readonly worker: number;
  readonly event: ToldEvent;
}

/** Workers at work: one thing to stop, to ask for its health, and to wait for. @category Workers @since 0.1.0 */
export interface Workers {
  /** Resolves after a drained stop of all; rejects with the first failure, once the others have drained and stopped. */
  readonly ended: Promise<void>;
  /**
   * Drains, commits and stops all. Resolves when they have ended; never rejects with what failed. A thread that has not stopped
   * 20,000 ms after the deadline is ended. A deadline that cannot be is as none, and in the end rejects with `CONFIGURATION`.
   */
  stop(options?: { readonly deadlineMs?: number | undefined }): Promise<void>;
  /**
   * Ready when all are, live while all are; a reason names its worker. One whose event loop is blocked cannot say so: after 5,000 ms
   * without a word from it the pool does, and is not ready. One whose thread ended by something else than its app has failed, for good.
   */
  health(): Health;
  /** What happens to each, as it happens; completes when all have ended. */
  readonly events$: Observable<WorkerEvent>;
}

type StopOptions = NonNullable<Parameters<Workers['stop']>[0]>;

const stopOptions: Fields<StopOptions> = { deadlineMs: stopDeadlineMs };

/** Milliseconds beyond the deadline of a stop for all that an app closes; a thread that takes longer is ended. */
const closingMs = 20_000;

/** Milliseconds for a thread to end by itself after its app has. */
const endMs = 5_000;

/**
 * Runs an app on more than one core: `count` worker threads, each with an app and a membership of its own, built by
 * {@link serveWorker} in the entry file. The group shares the partitions among them, as it does among processes; more workers
 * than partitions stand idle. When one fails, the others drain and stop.
 *
 * @param entry the file that calls `serveWorker`
 * @throws `CONFIGURATION` for a count that is not a number from 1 up, an entry that is no file, and data that cannot be cloned; `WORKER`
 *   where a thread cannot be started, and then none runs
 * @example
 * ```ts
 * const workers = runWorkers(new URL('./purchases.worker.js', import.meta.url), 4, { signals: ['SIGTERM'] });
 * await workers.ended;
 * ```
 * @category Workers @since 0.1.0
 */
export function runWorkers(entry: URL, count: number, options: WorkersOptions = {}): Workers {
  checkArgument('runWorkers', 'the number of workers', countKind, count);
  checkOptions('runWorkers', workersOptions, options, defaults);
  checkArgument('runWorkers', 'the entry', entryKind, entry);
  checkArgument('runWorkers', 'data', dataKind, options.data);
  return new WorkerPool(entry, count, options);
}

class WorkerPool implements Workers {
  readonly ended: Promise<void>;
  readonly events$: Observable<WorkerEvent>;
  readonly #events = new Subject<WorkerEvent>();
  readonly #threads: readonly Worker[];
  readonly #options: WorkersOptions;
  readonly #metrics: PooledMetrics;
  readonly #healths: (Health | undefined)[];
  /** When each was heard last, on the clock's monotonic time. */
  readonly #heardAt: number[];
  /** How each ended that did not end with its app. */
  readonly #died = new Map<number, string>();
  #failure: unknown;
  #stopping = false;
  /** Threads that have not ended. */
  readonly #running = new Set<number>();
  #lastResort: Timer | undefined;

  constructor(entry: URL, count: number, options: WorkersOptions) {
    this.#options = options;
    this.#metrics = new PooledMetrics(steadyMetrics(options.metrics ?? memoryMetrics(), silentLogger));
    this.#healths = Array.from({ length: count }, () => undefined);
    this.#heardAt = Array.from({ length: count }, () => systemClock.elapsed());
    this.events$ = new HeardEvents(this.#events, () => {});
    const leaveSignals = onSignals(options.signals ?? [], () => void this.stop());
    let threads: readonly Worker[];
    try {
      threads = startThreads(entry, count, options.data);
    } catch (error) {
      leaveSignals();
      throw error;
    }
    this.#threads = threads;
    for (const index of threads.keys()) this.#running.add(index);
    this.ended = Promise.all(threads.map((thread, index) => this.#outcome(thread, index))).then(() => {
      leaveSignals();
      this.#events.complete();
      if (this.#failure !== undefined) throw this.#failure;
    });
    // Whoever never looks at it has stop() and health(); an unhandled rejection would end the process.
    this.ended.catch(() => {});
  }

  async stop(options: StopOptions = {}): Promise<void> {
    // As `app.stop`: whoever wants them stopped is not left with some that run.
    const deadlineMs = faultOf(stopOptions, options) === undefined ? options.deadlineMs : undefined;
    if (!this.#stopping) {
      this.#stopping = true;
      const drainMs = deadlineMs ?? this.#options.stopDeadlineMs ?? defaults.stopDeadlineMs;
      const message: ToWorker = { type: 'stop', deadlineMs: drainMs };
      for (const thread of this.#threads) thread.postMessage(message);
      const boundMs = drainMs + closingMs;
      if (this.#running.size > 0)
        this.#lastResort = systemClock.schedule(() => this.#endAll(boundMs), boundMs);
    }
    await this.ended.catch(() => {});
    checkOptions('workers.stop', stopOptions, options);
  }

  health(): Health {
    const now = systemClock.elapsed();
    return poolHealth(
      this.#healths.map((health, index) => ({
        health,
        silentMs: this.#running.has(index) ? Math.round(now - (this.#heardAt[index] ?? now)) : undefined,
        died: this.#died.get(index),
      })),
    );
  }

  /** A metric that cannot be made fails them all, as it fails one app where that is created. */
  #measure(index: number, report: MetricsReport): void {
    try {
      this.#metrics.take(index, report);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Resolves when the thread has ended, whatever became of it. */
  #outcome(thread: Worker, index: number): Promise<void> {
    return new Promise(resolve => {
      let told = false;
      let timer: NodeJS.Timeout | undefined;
      thread.on('message', (message: FromWorker) => {
        this.#heardAt[index] = systemClock.elapsed();
        if (message.type === 'health') this.#healths[index] = message.health;
        else if (message.type === 'event') this.#events.next({ worker: index, event: message.event });
        else if (message.type === 'metrics') this.#measure(index, message);
        else {
          told = true;
          if (message.failure !== undefined) this.#endedWith(index, message.failure);
          timer = setTimeout(() => void thread.terminate(), endMs);
        }
      });
      thread.on('error', error => {
        told = true;
        this.#crashed(index, errorKind(error), error);
      });
      thread.on('exit', code => {
        clearTimeout(timer);
        if (!told) this.#crashed(index, `exit code ${code}`, undefined);
        this.#metrics.drop(index);
        this.#running.delete(index);
        if (this.#running.size === 0) this.#lastResort?.cancel();
        resolve();
      });
    });
  }

  /** A thread whose event loop is blocked hears of no stop. */
  #endAll(boundMs: number): void {
    for (const index of this.#running) {
      const how = `did not stop within ${boundMs} ms: its thread was ended`;
      const remedy = 'Look for what blocks its event loop, or for a store or client that does not close';
      this.#die(index, `it ${how}`, new KafkaRxError('WORKER', `Worker ${index} ${how}`, { remedy }));
      void this.#threads[index]?.terminate();
    }
  }

  #endedWith(index: number, failure: ToldError): void {
    const error = retold(failure);
    if (error === undefined) this.#crashed(index, failure.what, undefined);
    // An app that failed says so itself.
    else if (this.#healths[index]?.state === 'failed') this.#fail(error);
    else this.#die(index, `it ended with an error of its own: ${failure.what}`, error);
  }

  #crashed(index: number, what: string, cause: unknown): void {
    const how = `ended by something else than its app (${what})`;
    const remedy =
      'Look at its entry file: it must call serveWorker, and nothing in it may throw outside the app';
    const error = new KafkaRxError('WORKER', `Worker ${index} ${how}`, { cause, remedy });
    this.#die(index, `its thread ${how}`, error);
  }

  #die(index: number, how: string, error: KafkaRxError): void {
    if (!this.#died.has(index)) this.#died.set(index, how);
    this.#fail(error);
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    void this.stop();
  }
}
