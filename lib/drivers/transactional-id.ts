const escapes: Readonly<Record<string, string>> = { '/': '%2F', '%': '%25' };

/**
 * What the brokers know the unit of work of a task by: `orders/by-customer_0`. It begins with the group as it is, so that one ACL by the
 * prefix `orders/` is for all of its tasks. Two tasks never have the same: what follows the last slash is the task, which has none left.
 */
export function transactionalId(groupId: string, taskId: string): string {
  return `${groupId}/${taskId.replace(/[/%]/g, found => escapes[found] ?? found)}`;
}
