/** One name for a partition, for maps keyed by it: `topic/0`. No topic has a slash in its name. */
export function partitionKey({
  topic,
  partition,
}: {
  readonly topic: string;
  readonly partition: number;
}): string {
  return `${topic}/${partition}`;
}
