import { disregard } from '../base/disregard.js';
import { KafkaRxError } from '../errors/errors.js';

/**
 * Refuses what a topology gave that is an async function: what it wires behind its first `await` would come after the start.
 *
 * @param by who was given the topology
 * @throws `CONFIGURATION`
 */
export function wired(by: string, given: unknown): void {
  if (!disregard(given)) return;
  throw new KafkaRxError('CONFIGURATION', `${by}: the topology gave a promise, which nobody waits for`, {
    remedy:
      'Await what it needs before, and hand in a topology that wires all at once: app => { … }, not async app => { … }',
  });
}
