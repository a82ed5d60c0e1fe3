import { type Evidence, outputTopics, placeOf, type Violation } from '../evidence.js';

/**
 * Every acknowledged input is in the input topic where it was acknowledged, and every record of the input topic,
 * acknowledged or not, is in every output and in a store. A store holds each document whose write it acknowledged.
 */
export function* delivered({ inputs, log, outputs, writes, documents }: Evidence): Generator<Violation> {
  const logged = new Map(log.map(record => [placeOf(record), record.id]));
  for (const { id, partition, offset, outcome } of inputs) {
    if (outcome !== 'ok' || offset === undefined) continue;
    const found = logged.get(placeOf({ partition, offset }));
    if (found === id) continue;
    const detail = `${id} was acknowledged at transactions ${partition}/${offset}, where there is ${found ?? 'nothing'}`;
    yield { invariant: 'Kafka keeps acknowledged inputs', detail };
  }
  for (const topic of outputTopics) {
    const present = new Set(outputs[topic].map(({ id }) => id));
    for (const record of log) {
      if (present.has(record.id)) continue;
      yield {
        invariant: 'every input in every output',
        detail: `${record.id} of transactions ${placeOf(record)} is not in ${topic}`,
      };
    }
  }
  for (const record of log) {
    if (documents.has(placeOf(record))) continue;
    yield {
      invariant: 'every input in a store',
      detail: `${record.id} of transactions ${placeOf(record)} is in no store`,
    };
  }
  for (const write of writes) {
    if (documents.has(placeOf(write))) continue;
    yield {
      invariant: 'stores keep acknowledged writes',
      detail: `transactions ${placeOf(write)} was acknowledged and is in no store`,
    };
  }
}
