import type { Clock } from '../base/clock.js';
import type { KafkaRxError } from '../errors/errors.js';
import type { ChangelogPosition, ChangelogPositions, StateBackend, StateBackends } from './backend.js';
import { Overlay, type OverlayOptions } from './overlay.js';
import type { StateHandle } from './state.js';
import { notApplied } from './state-errors.js';

/** The states that lie in one backend. */
export interface Lying {
  readonly backend: StateBackend;
  /** Made anew with each restore. */
  overlay: Overlay;
  readonly handles: readonly StateHandle<unknown, unknown>[];
}

interface OpeningParts {
  readonly task: string;
  readonly handles: readonly StateHandle<unknown, unknown>[];
  /** Where a state lies that says nothing of it. */
  readonly backends: StateBackends;
  readonly clock: Clock;
  /** What a task has committed could not be put where it lies: it is tried again. */
  applyFailed(error: KafkaRxError): void;
}

/** Of each of the task's overlays. */
export function overlayOptions({
  task,
  clock,
  applyFailed,
}: Omit<OpeningParts, 'handles' | 'backends'>): OverlayOptions {
  return { clock, failed: error => applyFailed(notApplied(task, error)) };
}

/** Each backend once, for all states of the task that lie there; none is left open where one of them cannot be. */
export async function openBackends(parts: OpeningParts): Promise<readonly Lying[]> {
  const { task, handles, backends } = parts;
  const byBackend = new Map<StateBackends, StateHandle<unknown, unknown>[]>();
  for (const handle of handles) {
    const where = handle.backend ?? backends;
    byBackend.set(where, [...(byBackend.get(where) ?? []), handle]);
  }
  const lying: Lying[] = [];
  try {
    for (const [where, here] of byBackend) {
      const backend = await where.open(task);
      lying.push({ backend, overlay: new Overlay(backend, overlayOptions(parts)), handles: here });
    }
    return lying;
  } catch (error) {
    // Whoever tries again, or somebody else, opens them all.
    await Promise.all(lying.map(({ backend }) => backend.close()));
    throw error;
  }
}

/** As of a process that was killed: nothing is applied any more, and what lies there stays as it is. */
export async function abandon(lying: readonly Lying[]): Promise<void> {
  for (const { backend, overlay } of lying) {
    overlay.close();
    await backend.close();
  }
}

/**
 * How far the changelogs are taken in, once a cut is. Of a state that lies here no more nothing is said: what is deleted of it from now on is not deleted
 * here, and one day the changelog has no trace of that.
 *
 * @param ends by topic: behind the record of the cut, which is the last
 */
export function positionsAfter(
  { backend, handles }: Lying,
  ends: ReadonlyMap<string, number>,
  changelogOf: (state: string) => string,
): ChangelogPositions {
  const positions = new Map<string, ChangelogPosition>();
  for (const { name } of handles) {
    const topic = changelogOf(name);
    const [before, end] = [backend.checkpoint?.positions.get(topic), ends.get(topic)];
    // The cut is read again.
    if (before !== undefined)
      positions.set(topic, end === undefined ? before : { ...before, offset: end - 1 });
  }
  return positions;
}
