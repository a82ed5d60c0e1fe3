import type { AppParts } from './app-parts.js';
import { bounded } from './lifecycle/bounded.js';

/** Milliseconds for each step of closing: what hangs must not keep the process. */
const closingMs = 10_000;

/** What start-up opened, to be closed in the end. */
export class Closers {
  readonly #first: (() => void)[] = [];
  readonly #behind: (() => Promise<unknown> | undefined)[] = [];

  /** Ends something before the drain: watches and guards, which would take a stop for trouble. */
  first(end: () => void): void {
    this.#first.push(end);
  }

  /** Closes something once the member has left its group; what was opened last goes first. */
  behind(close: () => Promise<unknown> | undefined): void {
    this.#behind.push(close);
  }

  endFirst(): void {
    for (const end of this.#first.splice(0)) end();
  }

  /** The next to be closed, if any. */
  next(): (() => Promise<unknown> | undefined) | undefined {
    return this.#behind.pop();
  }
}

/** Stops intake, drains, commits while still a member, leaves, closes. */
export async function close(parts: AppParts, closers: Closers): Promise<void> {
  const { clock, logger, lifecycle, ending, lanes, dispatcher, commits, member, rebalance, views } = parts;
  const withinBound = (work: Promise<unknown> | undefined, boundMs: number): Promise<void> =>
    bounded(clock, logger, work, boundMs);
  if (lifecycle.error === undefined) lifecycle.enter('stopping');
  closers.endFirst();
  // What was not committed yet may lie above the record that came too late.
  if (lifecycle.error?.code === 'OUTSIDE_DISPATCH_WINDOW') commits.close();
  await withinBound(rebalance.settleAndCommit(lanes.all, 'stop'), ending.deadlineMs);
  dispatcher.halt();
  lifecycle.tell({ type: 'drained', pending: rebalance.letGo(lanes.all) });
  commits.close();
  await withinBound(member.leave(), closingMs);
  lifecycle.enter(lifecycle.error === undefined ? 'stopped' : 'failed');
  // Sinks may end now: nothing is pending.
  for (const view of views.all) view.complete();
  for (let one = closers.next(); one !== undefined; one = closers.next()) await withinBound(one(), closingMs);
}
