import { Worker } from 'node:worker_threads';
import { errorKind, KafkaRxError } from '../../errors/errors.js';
import type { WorkerSetup } from './serve-worker.js';

/**
 * All threads, or none.
 *
 * @throws `WORKER` where the machine or Node refuses one; those that were started are ended
 */
export function startThreads(entry: URL, count: number, data: unknown): readonly Worker[] {
  const threads: Worker[] = [];
  try {
    for (let index = 0; index < count; index++) {
      const setup: WorkerSetup = { kafkaRx: { index, count, data } };
      threads.push(new Worker(entry, { workerData: setup }));
    }
    return threads;
  } catch (cause) {
    for (const thread of threads) {
      // What it says on its way out is nobody's: unheard it would end the process.
      thread.on('error', () => {});
      void thread.terminate();
    }
    throw new KafkaRxError(
      'WORKER',
      `Worker ${threads.length} of ${count} could not be started (${errorKind(cause)}); none runs`,
      {
        cause,
        remedy:
          "Look at the cause: at the options of Node itself, the machine's limits, or what data gives when it is read again",
      },
    );
  }
}
