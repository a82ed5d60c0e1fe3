/** A task of an app has two units of work, which take turns: the first has the task's name, the second this one, which no partition has. */
export function secondUnitOf(taskId: string): string {
  return `${taskId}/2`;
}

/** The tasks of a group, out of ids that may be of others. */
export function tasksOf(groupId: string, transactionalIds: Iterable<string>): readonly string[] {
  const prefix = `${groupId}/`;
  return [...transactionalIds]
    .filter(id => id.startsWith(prefix) && !id.slice(prefix.length).includes('/'))
    .map(id => decodeURIComponent(id.slice(prefix.length)))
    .sort();
}

const escapes: Readonly<Record<string, string>> = { '/': '%2F', '%': '%25' };

/**
 * What the brokers know the unit of work of a task by: `orders/by-customer_0`. It begins with the group as it is, so that one ACL by the
 * prefix `orders/` is for all of its tasks. Two tasks never have the same: what follows the last slash is the task, which has none left.
 */
export function transactionalId(groupId: string, taskId: string): string {
  return `${groupId}/${taskId.replace(/[/%]/g, found => escapes[found] ?? found)}`;
}
