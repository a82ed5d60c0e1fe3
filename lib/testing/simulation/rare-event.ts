import type { App } from '../../app/interface.js';
import type { LifecycleEvent } from '../../app/lifecycle/events.js';
import type { DriverEvent } from '../../drivers/port.js';

const usual = ['state', 'subscribed', 'assigned', 'revoking', 'revoked', 'commit', 'waiting', 'waited'];

/** What of an app's own events is worth a mark. */
export function rareEvent(event: LifecycleEvent, app: App): string | undefined {
  if (event.type === 'driver') return rareDriverEvent(event.event);
  if (event.type === 'revoked' && event.pending > 0) return 'told: revoked with records pending';
  if (event.type === 'commit' && event.result.error !== undefined) {
    const { code } = event.result.error;
    const isEnding = code === 'COMMIT_UNKNOWN' && app.health().state !== 'running';
    return `told: commit ${code}${isEnding ? ' at the end' : ''}`;
  }
  return usual.includes(event.type) ? undefined : `told: ${event.type}`;
}

function rareDriverEvent(event: DriverEvent): string | undefined {
  const { type } = event;
  if (type === 'retrying') return event.what.startsWith('gate of ') ? 'told: gate asked again' : undefined;
  return ['connected', 'disconnected', 'retried'].includes(type) ? undefined : `told: ${type}`;
}
