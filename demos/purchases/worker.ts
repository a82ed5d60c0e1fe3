/** One of the job's workers: an app and a membership of its own. All of them write the one history, each in its turn. */
import { kafkajs } from 'kafka-rx/kafkajs';
import { serveWorker } from 'kafka-rx/workers';
import { type JobOptions, purchaseJob } from './job.js';

/** What {@link runPurchases} hands its workers. */
export interface WorkerData {
  readonly brokers: readonly string[];
  readonly job: JobOptions;
}

serveWorker(({ metrics, data }) => {
  const { brokers, job } = data as WorkerData; // From run.ts, of the same version.
  return purchaseJob(job, kafkajs({ brokers }), metrics).app;
});
