/** A state's changelog, as Kafka has it. */
export function changelogOf(groupId: string, state: string): string {
  return `${groupId}-${state}-changelog`;
}

/** What `app.internal` writes and reads, as Kafka has it. */
export function internalTopicOf(groupId: string, name: string): string {
  return `${groupId}-${name}-repartition`;
}
