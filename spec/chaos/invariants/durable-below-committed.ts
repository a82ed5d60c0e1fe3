import { type Evidence, outputTopics, placeOf, type Violation } from '../evidence.js';

/** One machine, one clock, whole milliseconds, and a clock that is slewed now and then. */
const clockToleranceMs = 5;

/**
 * At every moment at which a committed offset was seen, everything below it was durable in every sink.
 *
 * The rule: a committed offset C known at time t means that each record below C had reached each output by t. When
 * the first copy of a record reached an output is its log append time, which the broker sets before it acknowledges; when it
 * reached a store is what the store's process noted between the durable write and telling the app. Both come before the
 * commit, if the app commits after acknowledgements, and t comes after it; so an earlier commit shows, and a right one never
 * looks wrong. Samples bound the commit from above by their answer's arrival; the group's own log in
 * `__consumer_offsets` has the commit's own time, and sees those between two samples.
 */
export function* durableBelowCommitted(evidence: Evidence): Generator<Violation> {
  const { log, outputs, writes, samples } = evidence;
  const lengths = new Map<number, number>();
  const logged = new Set(log.map(placeOf));
  for (const { partition, offset } of log)
    lengths.set(partition, Math.max(lengths.get(partition) ?? 0, offset + 1));

  const sinks = new Map<string, Map<string, number>>();
  const placeOfId = new Map(log.map(record => [record.id, placeOf(record)]));
  for (const topic of outputTopics) {
    const first = new Map<string, number>();
    for (const { id, appendedMs } of outputs[topic]) noteEarliest(first, placeOfId.get(id), appendedMs);
    sinks.set(topic, first);
  }
  const stored = new Map<string, number>();
  for (const write of writes) noteEarliest(stored, placeOf(write), write.durableMs);
  sinks.set('the store', stored);

  for (const [sink, first] of sinks) {
    for (const [partition, length] of lengths) {
      const durableBy = latestBelow(partition, length, place =>
        // What is no purchase comes into no output.
        logged.has(place) ? (first.get(place) ?? Number.POSITIVE_INFINITY) : 0,
      );
      for (const { knownMs, committed, source } of samples) {
        const offset = Math.min(committed.get(partition) ?? 0, length);
        if (offset <= 0 || (durableBy[offset - 1] ?? 0) <= knownMs + clockToleranceMs) continue;
        const late = durableBy.findIndex(at => at > knownMs + clockToleranceMs);
        const when = durableBy[late] ?? Number.POSITIVE_INFINITY;
        const lag = Number.isFinite(when) ? `${when - knownMs} ms later` : 'never';
        yield {
          invariant: 'everything below the committed offset is durable',
          detail: `transactions ${partition}: committed ${offset} (${source}), but ${late} reached ${sink} ${lag}`,
        };
      }
    }
  }
}

function noteEarliest(first: Map<string, number>, place: string | undefined, at: number): void {
  if (place !== undefined && at < (first.get(place) ?? Number.POSITIVE_INFINITY)) first.set(place, at);
}

/** Per offset, when the last of it and all before it became durable; infinite from a missing one on. */
function latestBelow(partition: number, length: number, durable: (place: string) => number): number[] {
  const latest: number[] = [];
  let max = 0;
  for (let offset = 0; offset < length; offset++) {
    max = Math.max(max, durable(placeOf({ partition, offset })));
    latest.push(max);
  }
  return latest;
}
