import { whole } from '../../lib/base/option-kinds.js';
import { KafkaRxError } from '../../lib/errors/errors.js';
import type { Windows } from '../../lib/time/windows.js';
import type { Emit } from './emit.js';

/** What waits for stream time. @category State @since 0.2.0 */
export interface CloseWhenIdleOptions {
  /**
   * With final results of windows that close: after how long without a record in a task stream time goes on with the clock there, milliseconds, whole, from
   * 1 up. From then on it is as far behind the last record's timestamp as the clock is behind its coming, and closes what it passes; a record that
   * comes later for a window that is closed is late, as any other. Only where all that there is to read has been taken, by an answer of the
   * brokers: a task that is behind, paused or cut off is not idle. Longer than records may take on their way. Default: never; the
   * last windows wait for the next record.
   */
  readonly closeWhenIdleMs?: number | undefined;
}

export const closeWhenIdleKind = whole(1);

/**
 * @returns as given
 * @throws `CONFIGURATION` where nothing waits for stream time
 */
export function closeWhenIdle(
  operator: string,
  { closeWhenIdleMs }: CloseWhenIdleOptions,
  { window, emit }: { readonly window: Windows | undefined; readonly emit: Emit },
): number | undefined {
  if (closeWhenIdleMs === undefined) return undefined;
  if (window !== undefined && window.kind !== 'unlimited' && emit === 'final') return closeWhenIdleMs;
  throw new KafkaRxError(
    'CONFIGURATION',
    `${operator}: closeWhenIdleMs is of windows that close, whose results are final: here no result waits for stream time`,
    { remedy: "Give it with a window and emit: 'final', or leave it out" },
  );
}
