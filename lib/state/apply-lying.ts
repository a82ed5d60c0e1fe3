import type { KafkaRxError } from '../errors/errors.js';
import type { Lying } from './lying.js';
import { notApplied } from './state-errors.js';

/** What is committed is put where it lies. @throws `STORE` */
export async function applied(task: string, { overlay }: Pick<Lying, 'overlay'>): Promise<void> {
  try {
    await overlay.applyNow();
  } catch (error) {
    throw notApplied(task, error);
  }
}

/** The same, and that is closed, whatever becomes of it. @throws `STORE` */
export async function applyAndClose(task: string, lying: readonly Lying[]): Promise<void> {
  const closed = await Promise.allSettled(
    lying.map(async one => {
      const { backend, overlay } = one;
      overlay.abort();
      try {
        await applied(task, one);
      } finally {
        overlay.close();
        await backend.close();
      }
    }),
  );
  for (const one of closed) if (one.status === 'rejected') throw one.reason;
}

/** What is to be waited for before more is committed; undefined: nothing. @throws `STORE`, by rejection */
export function pressureOf(task: string, lying: readonly Lying[]): Promise<void> | undefined {
  const waiting = lying.flatMap(({ overlay }) => overlay.pressure() ?? []);
  if (waiting.length === 0) return undefined;
  return Promise.all(waiting).then(
    () => {},
    error => {
      throw notApplied(task, error);
    },
  );
}

/** What a task has committed and could not put where it lies, or not fast enough. */
export interface Unapplied {
  readonly task: string;
  /** Undefined: it takes its time. */
  readonly error: KafkaRxError | undefined;
}

/** Undefined: it goes on meanwhile. */
export function unappliedOf(task: string, lying: readonly Lying[]): Unapplied | undefined {
  const failed = lying.find(({ overlay }) => overlay.failure !== undefined)?.overlay.failure;
  if (failed !== undefined) return { task, error: notApplied(task, failed.error) };
  return lying.some(({ overlay }) => overlay.isHolding) ? { task, error: undefined } : undefined;
}
