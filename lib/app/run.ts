import { errorKind, isKafkaRxError, KafkaRxError } from '../errors/errors.js';
import { isInstance } from '../errors/is-instance.js';
import type { AppParts } from './app-parts.js';
import { close } from './closing.js';
import { requireCoPartitionedRead } from './co-partitioned.js';
import { Interrupted } from './lifecycle/ending.js';
import { startUp } from './start-up.js';

/** One life: starts, consumes until stopped or failed, closes. Rejects with the first error. */
export async function run(parts: AppParts): Promise<void> {
  const { options, logger, lifecycle, ending, closers, host, wiring, views, outputs, clock } = parts;
  const leave = clock.occupy?.(`the app '${options.groupId}'`);
  let thrown: KafkaRxError | undefined;
  try {
    lifecycle.enter('starting');
    wiring.close(options.guard, options.deadLetters?.topic);
    requireCoPartitionedRead(
      views.all.map(({ pattern }) => pattern),
      options.coPartitioned ?? [],
      outputs.topics,
    );
    if (options.guarantee === 'exactly-once' && wiring.besideTopics.length > 0) {
      const sinks = wiring.besideTopics.map(name => `'${name}'`).join(', ');
      logger.info(
        { guarantee: options.guarantee },
        `exactly once holds for what is written to topics; at least once, so that it may be repeated: ${sinks} (app.store, app.each)`,
      );
    }
    await startUp(parts, closers);
    if (lifecycle.error === undefined) lifecycle.enter('running');
    await ending.reached;
  } catch (error) {
    if (!isInstance(error, Interrupted)) host.fail(asKafkaRxError(error));
  } finally {
    thrown = await close(parts, closers);
    leave?.();
  }
  const error = lifecycle.error ?? thrown;
  if (error !== undefined) throw error;
}

function asKafkaRxError(error: unknown): KafkaRxError {
  return isKafkaRxError(error)
    ? error
    : new KafkaRxError('DRIVER', `The app could not start (${errorKind(error)})`, { cause: error });
}
