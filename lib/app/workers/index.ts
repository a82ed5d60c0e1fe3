/** `kafka-rx/workers`: an app on more than one core. */
export type { ToldEvent } from './messages.js';
export { runWorkers, type WorkerEvent, type Workers, type WorkersOptions } from './run-workers.js';
export { serveWorker, type WorkerContext } from './serve-worker.js';
