import { constants } from 'node:os';

/**
 * Calls `stop` at the first of these signals; the second ends the process at once, with the shell's exit code for it.
 *
 * @returns the way out, which puts the process's own handling back
 */
export function onSignals(
  signals: readonly NodeJS.Signals[],
  stop: (signal: NodeJS.Signals) => void,
): () => void {
  let first = true;
  const handle = (signal: NodeJS.Signals): void => {
    if (!first) process.exit(128 + constants.signals[signal]);
    first = false;
    stop(signal);
  };
  for (const signal of signals) process.on(signal, handle);
  return () => {
    for (const signal of signals) process.off(signal, handle);
  };
}
