import { KafkaRxError } from '../../errors/errors.js';
import type { Deliveries, Delivery, Lane } from '../leases/delivery.js';

/** How far a branch had a partition, and of which topic that was. */
interface Had {
  readonly topic: string;
  readonly partition: number;
  readonly origin: string;
  offset: number;
}

/** The records of units of work that a branch which may end has made outputs of, as far as it had each partition. */
export class TakenInUnits {
  /** By the slots of partitions. */
  readonly #had = new Map<number, Had>();

  get all(): Iterable<readonly [slot: number, had: Readonly<Had>]> {
    return this.#had;
  }

  note(deliveries: Deliveries): void {
    if (!Array.isArray(deliveries)) this.#note(deliveries as Delivery);
    else for (const delivery of deliveries) this.#note(delivery);
  }

  #note({ lane, offset, outer }: Delivery): void {
    if (outer !== undefined) this.note(outer);
    // At least once an output stays, whatever comes again.
    else if (lane.outputSlot !== 0) this.#noteOf(lane, offset);
  }

  #noteOf({ slot, topic, partition, origin }: Lane, offset: number): void {
    const had = this.#had.get(slot);
    if (had?.origin !== origin) this.#had.set(slot, { topic, partition, origin, offset });
    else if (offset > had.offset) had.offset = offset;
  }
}

/**
 * What branches had that have ended for good. Under exactly once what they wrote is dropped with the unit that it was written in: its
 * records come again, and nobody would take them for a branch that is over. By the order of offsets: what comes again begins at what is
 * committed, so whatever a branch had from there on was dropped.
 */
export class EndedBranches {
  /** By the slots of partitions; of each the branch that had most of it. */
  readonly #ended = new Map<number, Readonly<Had> & { readonly sink: string }>();

  add(sink: string, taken: TakenInUnits): void {
    for (const [slot, had] of taken.all) {
      const before = this.#ended.get(slot);
      if (before?.origin === had.origin && before.offset >= had.offset) continue;
      this.#ended.set(slot, { ...had, sink });
    }
  }

  /** Why a record may not be handed out once more; undefined: it may. */
  refusal({ slot, origin }: Pick<Lane, 'slot' | 'origin'>, offset: number): KafkaRxError | undefined {
    const ended = this.#ended.get(slot);
    if (ended?.origin !== origin || ended.offset < offset) return undefined;
    const { sink, topic, partition } = ended;
    return new KafkaRxError(
      'SINK_ENDED',
      `What '${sink}' wrote was dropped with its unit of work, and the branch before it has ended meanwhile: nobody would make it anew`,
      {
        at: { topic, partition, offset: ended.offset },
        remedy: 'Start the app again: the record comes again, and the branch with it',
      },
    );
  }
}
