const none: readonly number[] = [];
const nobodyKnows = (): readonly number[] => none;

/** What tells which partitions have leaders, where that may be unknown, as of `DriverProducer.available`. */
interface KnowsLeaders {
  readonly available?: ((topic: string) => () => readonly number[]) | undefined;
}

/** The partitions of a topic that have a leader, as `DriverProducer.available` tells them; always none where it is absent. */
export function availableIn(producer: KnowsLeaders, topic: string): () => readonly number[] {
  return producer.available?.(topic) ?? nobodyKnows;
}
