import { thrownDuring } from '../base/call-for-all.js';
import { errorKind, KafkaRxError } from '../errors/errors.js';
import type { AppParts } from './app-parts.js';
import type { Closers } from './closers.js';
import { bounded } from './lifecycle/bounded.js';

/** Milliseconds for each step of closing: what hangs must not keep the process. */
const closingMs = 10_000;

/**
 * Stops intake, drains, commits while still a member, leaves, closes. Never rejects; each step has a bound.
 *
 * @returns what a teardown of the user's threw, if one did
 */
export async function close(parts: AppParts, closers: Closers): Promise<KafkaRxError | undefined> {
  const { lifecycle, ending, lanes, dispatcher, host, commits, member, rebalance, views, wiring } = parts;
  if (lifecycle.error === undefined) lifecycle.enter('stopping');
  closers.endFirst();
  // What was not committed yet may lie above the record that came too late.
  if (lifecycle.error?.code === 'OUTSIDE_DISPATCH_WINDOW') commits.close();
  await bounded(parts, 'drain', () => rebalance.settleAndCommit(lanes.all, 'stop'), ending.deadlineMs);
  dispatcher.halt();
  host.drained();
  lifecycle.tell({ type: 'drained', pending: rebalance.letGo(lanes.all) });
  commits.close();
  await bounded(parts, 'leaving the group', () => member.leave(), closingMs);
  wiring.graph.ends.over();
  lifecycle.enter(lifecycle.error === undefined ? 'stopped' : 'failed');
  // Sinks may end now: nothing is pending.
  const thrown = views.all.flatMap(view =>
    thrownDuring(() => view.complete()).map(cause => teardownFailed(view.name, cause)),
  );
  for (let one = closers.next(); one !== undefined; one = closers.next()) {
    await bounded(parts, `closing ${one.what}`, one.close, closingMs);
  }
  return thrown[0];
}

/** A `finalize` of the user's, say: what is left to be closed is closed all the same. */
function teardownFailed(source: string, cause: unknown): KafkaRxError {
  return new KafkaRxError(
    'PROCESS',
    `A teardown behind '${source}' threw ${errorKind(cause)} when the app ended`,
    {
      cause,
      remedy: 'Look for a finalize or a teardown function that throws; everything was committed before',
    },
  );
}
