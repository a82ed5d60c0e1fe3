import type { DriverConnection, TopicDescription } from '../drivers/port.js';

/** @see DocumentSource.origin */
export function originOf({ clusterId }: DriverConnection, { id }: TopicDescription): string {
  return `${clusterId}/${id}`;
}
