import { parentPort, workerData } from 'node:worker_threads';
import { call, having, kind, required } from '../../base/option-kinds.js';
import { checkArgument, faultOf } from '../../base/option-schema.js';
import { KafkaRxError, told } from '../../errors/errors.js';
import type { Metrics } from '../../logging/metrics/metrics.js';
import type { App } from '../interface.js';
import { ForwardedMetrics } from './forwarded-metrics.js';
import { type FromWorker, type ToWorker, toldEvent } from './messages.js';

/** What a worker builds its app with. @category Workers @since 0.1.0 */
export interface WorkerContext {
  /** From 0. */
  readonly index: number;
  readonly count: number;
  /** For `createApp({ metrics })`: what is measured comes together in the parent. */
  readonly metrics: Metrics;
  /** What the parent gave `runWorkers`, cloned. */
  readonly data: unknown;
}

/** What `runWorkers` hands each thread. */
export interface WorkerSetup {
  readonly kafkaRx: { readonly index: number; readonly count: number; readonly data: unknown };
}

/** Milliseconds between reports of a worker: as old as its metrics and its health can be in the parent. */
const reportMs = 500;

/**
 * The one call of a worker's entry file: builds an app of its own (Observables and functions do not cross threads), runs it
 * as a member of the group, and answers to the parent's `stop`.
 *
 * @param build must not give the app `signals`: those are the parent's
 * @throws `CONFIGURATION` where it is not called in a worker of `runWorkers`; by `Workers.ended`, where `build` gives no app
 * @example
 * ```ts
 * serveWorker(({ metrics }) => {
 *   const app = createApp({ groupId: 'purchases', driver: kafkajs({ brokers: ['localhost:9092'] }), metrics });
 *   purchases(app, history);
 *   return app;
 * });
 * ```
 * @category Workers @since 0.1.0
 */
export function serveWorker(build: (context: WorkerContext) => App | Promise<App>): void {
  checkArgument('serveWorker', 'the function', required(call), build);
  const port = parentPort;
  const setup: unknown = workerData;
  if (port === null || !isSetup(setup)) {
    throw new KafkaRxError('CONFIGURATION', 'serveWorker was called outside a worker of runWorkers', {
      remedy: 'Give the file that calls it to runWorkers, and import it nowhere',
    });
  }
  const send = (message: FromWorker): void => port.postMessage(message);
  const metrics = new ForwardedMetrics();
  let app: App | undefined;
  let stopping: ToWorker | undefined;
  const stop = (): void =>
    void app?.stop(stopping?.deadlineMs === undefined ? {} : { deadlineMs: stopping.deadlineMs });
  const stopped = new Promise<undefined>(resolve => {
    port.on('message', (message: ToWorker) => {
      stopping = message;
      stop();
      resolve(undefined);
    });
  });

  const report = (): void => {
    send({ type: 'metrics', ...metrics.report() });
    if (app !== undefined) send({ type: 'health', health: app.health() });
  };
  const serve = async (): Promise<void> => {
    const building = async () => ({ given: await build({ ...setup.kafkaRx, metrics }) });
    // One that is built too late is never run: it has opened nothing.
    const first = await Promise.race([building(), stopped]);
    if (first === undefined) return;
    const built = requireApp(first.given);
    app = built;
    built.events$.subscribe(event => {
      send({ type: 'event', event: toldEvent(event) });
      if (event.type === 'state') send({ type: 'health', health: built.health() });
    });
    const timer = setInterval(report, reportMs);
    try {
      if (stopping === undefined) await built.run();
    } finally {
      clearInterval(timer);
    }
  };
  serve()
    .then(
      () => undefined,
      (error: unknown) => told(error),
    )
    .then(failure => {
      report();
      send({ type: 'ended', failure });
      // Nothing else keeps the thread: it ends by itself.
      port.close();
    });
}

const appMethods = having('an app', 'run', 'stop', 'health');
const eventsKind = required(having('events', 'subscribe'));
const appKind = required(
  kind('an app', given => {
    if (appMethods.fault(given) !== undefined) return false;
    // It is an object: it may be asked for any name.
    return eventsKind.fault((given as Partial<App>).events$) === undefined;
  }),
);

/** A function that forgets its `return` compiles where nothing is checked, or where it is typed loosely. */
function requireApp(given: App): App {
  const fault = faultOf({ app: appKind }, { app: given });
  if (fault === undefined) return given;
  const shown = given === undefined ? 'undefined' : (fault.is?.shown ?? 'an object that cannot be read');
  throw new KafkaRxError('CONFIGURATION', `The function of serveWorker gave ${shown}, and no app`, {
    remedy: 'Return the app from it: serveWorker(() => { …; return app; })',
    cause: fault.cause,
  });
}

function isSetup(data: unknown): data is WorkerSetup {
  return typeof data === 'object' && data !== null && 'kafkaRx' in data;
}
