import type { DriverConnection, TopicDescription } from '../drivers/port.js';

/** @see DocumentSource.origin */
export function originOf(
  { clusterId }: Pick<DriverConnection, 'clusterId'>,
  { id }: Pick<TopicDescription, 'id'>,
): string {
  return `${clusterId}/${id}`;
}
