import { KafkaRxError } from '../errors/errors.js';
import type { Checkpoint, Restored } from './backend.js';

/**
 * The compare-and-set of an apply: a backend does not go back, and takes no cut twice.
 *
 * @throws {KafkaRxError} `STORE`
 */
export function checkCommitNumber(task: string, present: Checkpoint | undefined, next: Checkpoint): void {
  const before = present?.commitNumber ?? 0;
  if (Number.isSafeInteger(next.commitNumber) && next.commitNumber > before) return;
  throw new KafkaRxError(
    'STORE',
    `The state of task ${task} stands at commit ${before} and cannot take commit ${next.commitNumber}`,
    { remedy: 'Start the task anew: another one has its state, or a commit was applied twice' },
  );
}

/** While a restore reads: until it is through the commit number says that the cut is not whole. */
export function restoring(present: Checkpoint | undefined, { positions, time }: Restored): Checkpoint {
  return {
    commitNumber: present?.commitNumber ?? 0,
    numbers: present?.numbers ?? new Map(),
    positions,
    time,
  };
}
