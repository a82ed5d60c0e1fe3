import { disregard } from '../base/disregard.js';

/**
 * Calls something of the user's that only hears: a logger, a metric, a listener. What it throws, or its promise rejects with,
 * concerns nothing that the app does.
 *
 * @param lost told what it threw or rejected with
 */
export function hearOut(call: () => unknown, lost: (thrown: unknown) => void): void {
  try {
    disregard(call(), lost);
  } catch (thrown) {
    lost(thrown);
  }
}
