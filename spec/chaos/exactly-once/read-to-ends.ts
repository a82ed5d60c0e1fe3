import { LogReader, type Look } from './log-reader.js';

export interface EndsOptions {
  readonly brokers: readonly string[];
  readonly topics: readonly string[];
  /** As what kind of reader. */
  readonly isolation: 'committed' | 'everything';
  readonly withinMs: number;
}

/**
 * Hands over each look at these topics, from their beginnings to their ends. Those are told by the answers: the markers of
 * transactions have offsets too, so that offsets do not tell how many records there are. An open transaction ends what a
 * reader of committed records gets.
 *
 * @throws when that took longer, or no broker tells who leads the topics
 */
export async function readToEnds(
  { brokers, topics, isolation, withinMs }: EndsOptions,
  take: (look: Look) => void,
): Promise<void> {
  const reader = new LogReader(brokers, topics, isolation);
  const until = Date.now() + withinMs;
  try {
    for (;;) {
      const { all, atEnds } = await reader.look();
      for (const look of all) take(look);
      if (atEnds) return;
      if (Date.now() > until)
        throw new Error(`the topics ${topics.join(', ')} were not read in ${withinMs} ms`);
    }
  } finally {
    await reader.close();
  }
}
