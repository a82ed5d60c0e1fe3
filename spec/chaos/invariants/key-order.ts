import { type Evidence, outputTopics, placeOf, type Violation } from '../evidence.js';

/** The records of one key are in every output in the order of the input topic, once repeats are left out. */
export function* keyOrder({ log, outputs }: Evidence): Generator<Violation> {
  const sources = new Map(log.map(record => [record.id, record]));
  for (const topic of outputTopics) {
    const seen = new Set<string>();
    const last = new Map<string, { partition: number; offset: number }>();
    for (const { id } of outputs[topic]) {
      const source = sources.get(id);
      if (source === undefined || seen.has(id)) continue;
      seen.add(id);
      const key = keyOf(id);
      const before = last.get(key);
      if (before !== undefined && before.partition === source.partition && before.offset > source.offset) {
        yield {
          invariant: 'order per key',
          detail: `${topic}: ${key} has transactions ${placeOf(before)} before ${placeOf(source)}`,
        };
      }
      last.set(key, source);
    }
  }
}

function keyOf(id: string): string {
  return id.slice(0, id.indexOf(':'));
}
