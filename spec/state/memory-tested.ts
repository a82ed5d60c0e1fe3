import { memoryBackends } from '../../lib/state/memory-backend.js';
import type { BackendTested } from './state-tested.js';

export async function memoryTested(): Promise<BackendTested> {
  return {
    outlives: false,
    open: () => memoryBackends.open('task'),
    crash: async () => {},
    dispose: async () => {},
  };
}
