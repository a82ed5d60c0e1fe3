import { once } from 'node:events';
import { lmdb } from 'kafka-rx/lmdb';
import type { HistoryArguments } from './arguments.js';
import { historyOptions } from './topology.js';

/** Prints a customer's masked purchases as JSON lines, oldest first; also while a pipeline writes the store. */
export async function printHistory({ store, customer, from, to }: HistoryArguments): Promise<void> {
  const history = lmdb('history', { ...historyOptions, directory: store, readOnly: true });
  await history.open();
  try {
    for await (const { value } of history.by('customer', customer, { from, to })) {
      if (!process.stdout.write(`${JSON.stringify(value)}\n`)) await once(process.stdout, 'drain');
    }
  } finally {
    await history.close();
  }
}
