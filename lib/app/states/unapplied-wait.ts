import { told } from '../../errors/errors.js';
import type { Unapplied } from '../../state/apply-lying.js';
import type { Wait } from '../lifecycle/waits.js';

/** Why a task takes no more records, or will take none once memory is full. */
export function waitOf({ task, error }: Unapplied): Wait {
  if (error === undefined)
    return {
      reason: `the task ${task} waits until what it has committed is put where its states lie: they change faster than that takes them in`,
      ready: true,
    };
  const { what, remedy } = told(error);
  return {
    reason: `the task ${task} commits no more until its states can be put where they lie: ${what}. ${remedy}`,
  };
}
