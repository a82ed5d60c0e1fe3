import type { StateBackend, StateBackends } from '../../../lib/state/backend.js';
import { memoryBackends } from '../../../lib/state/memory-backend.js';
import { but } from '../but.js';

/** Outlives apps, as a folder does. */
export function lastingBackends(): StateBackends {
  const all = new Map<string, StateBackend>();
  return {
    async open(task) {
      const backend = all.get(task) ?? (await memoryBackends.open(task));
      all.set(task, backend);
      return but(backend, { close: async () => {} });
    },
    clear: async () => all.clear(),
  };
}
