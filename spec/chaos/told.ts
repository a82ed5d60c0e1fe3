import type { LifecycleEvent } from 'kafka-rx';

/** What main wants to know of an event; commits are many, and their errors few. */
export function told(event: LifecycleEvent): string | undefined {
  switch (event.type) {
    case 'commit':
      return event.result.error === undefined ? undefined : `commit: ${event.result.error.message}`;
    case 'driver':
      return ['retrying', 'retried'].includes(event.event.type) ? undefined : `driver ${event.event.type}`;
    case 'state':
      return event.state;
    case 'failed':
      return `failed: ${event.error.code}: ${event.error.message}`;
    case 'drained':
      return `drained, ${event.pending} pending`;
    case 'revoked':
      return `revoked ${event.partitions.length}, ${event.pending} pending`;
    case 'subscribed':
      return undefined;
    case 'resumed-at-store':
      return `partition ${event.partition} resumed at ${event.offset}, below the committed ${event.committed}`;
    case 'store-new':
      return `the store ${event.store} is new (${event.because}): ${event.does}`;
    case 'restoring':
      return undefined;
    case 'waiting':
    case 'waited':
      return `${event.type}: ${event.reason}`;
    default:
      return `${event.type} ${event.partitions.map(({ partition }) => partition).join(',')}`;
  }
}
