/** As requests have partitions: those of a topic together, in the order of their first. */
export function byTopic<P extends { readonly topic: string }>(partitions: readonly P[]): [string, P[]][] {
  const topics = new Map<string, P[]>();
  for (const partition of partitions) {
    const others = topics.get(partition.topic);
    if (others === undefined) topics.set(partition.topic, [partition]);
    else others.push(partition);
  }
  return [...topics];
}
