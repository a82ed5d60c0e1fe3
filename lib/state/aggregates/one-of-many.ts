import type { Codec } from '../../codecs/codec.js';
import { KafkaRxError } from '../../errors/errors.js';
import type { LastingAggregate } from './aggregate.js';
import { type Kept, keep, keptList, readKept } from './kept.js';

/** What values are measured by, and which of two is kept. */
export interface Contest<V, M> {
  measure(value: V): M;
  /** Whether what comes later, by arrival, goes before what is kept. */
  beats(later: Measured<M>, kept: Measured<M>): boolean;
}

export interface Measured<M> {
  readonly measure: M;
  readonly timestamp: number;
}

/** The one value that goes before all others, whole. */
export function oneOfMany<V, M>(
  name: string,
  codec: Codec<V>,
  { measure, beats }: Contest<V, M>,
): LastingAggregate<V, readonly Kept[], V> {
  const measured = measurer(codec, measure);
  return {
    initial: () => [],
    add(aggregate, value, { timestamp }) {
      const [kept] = aggregate;
      if (kept !== undefined && !beats({ measure: measure(value), timestamp }, measured(kept)))
        return aggregate;
      if (kept === undefined) measure(value); // What cannot be measured is told of the record that holds it.
      return [keep(codec, value, timestamp)];
    },
    merge(a, b) {
      const [kept] = a;
      const [later] = b;
      if (kept === undefined || later === undefined) return kept === undefined ? b : a;
      return beats(measured(later), measured(kept)) ? b : a;
    },
    result([kept]) {
      if (kept !== undefined) return readKept(codec, kept);
      throw new KafkaRxError('PROCESS', `${name} has no value: nothing was added to it`);
    },
    codec: keptList(`${name}(${codec.name})`, codec, 1),
  };
}

/** What is kept is measured once, and from its bytes: whoever changes the value that was added does not change its place. */
export function measurer<V, M>(codec: Codec<V>, measure: (value: V) => M): (kept: Kept) => Measured<M> {
  const known = new WeakMap<Kept, Measured<M>>();
  return kept => {
    const before = known.get(kept);
    if (before !== undefined) return before;
    const now = { measure: measure(readKept(codec, kept)), timestamp: kept.timestamp };
    known.set(kept, now);
    return now;
  };
}
