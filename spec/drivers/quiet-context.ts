import { type Clock, type DriverContext, silentLogger, systemClock } from 'kafka-rx';

/** What a connection of a test is made with: it logs nothing, and nobody hears its events. */
export function quietContext(clientId: string, clock: Clock = systemClock): DriverContext {
  return { clientId, clock, logger: silentLogger, event: () => {} };
}
