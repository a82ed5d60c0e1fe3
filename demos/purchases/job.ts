import { type App, createApp, type Driver, type Metrics } from 'kafka-rx';
import { lmdb } from 'kafka-rx/lmdb';
import type { RunArguments } from './arguments.js';
import { historyOptions, purchases } from './topology.js';

/** What an app of the job is made by; plain data, so that it crosses to workers. */
export type JobOptions = Pick<
  RunArguments,
  'group' | 'onInvalid' | 'deadLetterTopic' | 'deadLetterLimit' | 'guarantee'
> & {
  readonly store: string;
  /** Milliseconds of tries to reach a broker at the start. */
  readonly connectTimeoutMs: number;
};

/** The job as an app that is not running yet, and the masked purchases for whoever looks on. */
export function purchaseJob(
  { group, onInvalid, deadLetterTopic, deadLetterLimit, guarantee, store, connectTimeoutMs }: JobOptions,
  driver: Driver,
  metrics: Metrics,
): { readonly app: App; readonly masked: ReturnType<typeof purchases> } {
  const app = createApp({
    groupId: group,
    driver,
    guarantee,
    // A record with a card number where none belongs is invalid too: the guard finds it, whatever the field.
    policies: { decode: onInvalid, process: onInvalid, encode: onInvalid },
    guard: { scan: true },
    deadLetters: onInvalid === 'dead-letter' ? { topic: deadLetterTopic, limit: deadLetterLimit } : undefined,
    // A killed run's partitions come back after ten seconds rather than thirty.
    sessionTimeoutMs: 10_000,
    connectTimeoutMs,
    metrics,
  });
  return { app, masked: purchases(app, lmdb('history', { ...historyOptions, directory: store })) };
}
