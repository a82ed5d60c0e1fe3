import type { Clock } from '../../base/clock.js';
import { type Gathered, gatheredOf } from '../../record/gathered.js';
import type { KafkaRecord } from '../../record/record.js';
import { timeOfWriting } from '../../record/time-of-writing.js';
import type { Document, DocumentMember } from '../../stores/port.js';
import { sourceDigest } from '../../stores/source-digest.js';
import { type Deliveries, type Delivery, deliveriesOf } from '../leases/delivery.js';
import { listOf } from '../leases/leases.js';
import { originOfRecord } from '../leases/origin-of-record.js';
import { takenBefore } from './taken-before.js';

/** What a document of one record has beside its coordinates. */
interface Single {
  readonly bundle: undefined;
  readonly sink: string;
  /** Of the record that a replayed one stands for; otherwise the record's own. */
  readonly offset: number;
}

/** What a document of several records has. */
interface Several {
  readonly bundle: Bundle;
  /** What its ordinal has behind that of the bundle. */
  readonly below: string;
}

/** The documents that were made of the same records. */
interface Bundle {
  readonly gathered: Gathered;
  readonly sink: string;
  /** Of each member, which of its copies it is that went into this one. */
  readonly copies: readonly number[];
  filed: object | undefined;
}

/**
 * The identities of the documents of one sink. Mostly a source record makes one document at a sink, whose coordinates are
 * all that is needed. What makes several is told apart here:
 *
 * - `flatMapValue` and the like by their ordinals;
 * - what plain rxjs makes of one record (`mergeMap(r => [a, b])`), or merges before the sink, by the order in which it comes;
 * - what is made of a replayed record is what was made of the record that it stands for;
 * - what `batch` makes by the records that it was made of, and by the name. A record that is in several such documents, since
 *   copies of it were gathered apart, is another member of each: its first copy, its second, as they come to this sink. So
 *   no document's set takes from another's, however many it has; and since a record makes as many copies each time that it
 *   comes, all of them have come again when a document is to go.
 */
export class DocumentIdentities {
  readonly #sink: string;
  readonly #leadHere: (nodes: ReadonlySet<string>) => boolean;
  /** Of those that need more than their coordinates. */
  readonly #odd = new WeakMap<KafkaRecord, Single | Several>();
  #someOdd = false;
  /** Who takes what operators of one name have gathered. */
  readonly #gatherers = new Map<string, { readonly sink: string }>();
  readonly #bundles = new WeakMap<Gathered, Bundle>();

  readonly #clock: Pick<Clock, 'now'>;

  /**
   * @param sink the sink's own
   * @param leadHere whether one of these nodes leads to the sink
   */
  constructor(sink: string, leadHere: (nodes: ReadonlySet<string>) => boolean, clock: Pick<Clock, 'now'>) {
    this.#sink = sink;
    this.#leadHere = leadHere;
    this.#clock = clock;
  }

  /** Takes a record on receipt, once. @returns the record to go on with */
  take<K, V>(record: KafkaRecord<K, V>): KafkaRecord<K, V> {
    const deliveries = record[deliveriesOf];
    if (record.ordinal === '' && !Array.isArray(deliveries)) {
      // What is no array is one delivery: Array.isArray does not tell so of a readonly one.
      const delivery = deliveries as Delivery;
      if (delivery.filed === undefined && delivery.replay === undefined && delivery.outer === undefined) {
        delivery.filed = this;
        return record;
      }
    }
    return this.#takeOdd(record, rootOf(deliveries));
  }

  #takeOdd<K, V>(record: KafkaRecord<K, V>, root: Deliveries): KafkaRecord<K, V> {
    const gathered = gatheredOf(root);
    if (gathered !== undefined) {
      // A copy, since the very same record may have come before: `merge(a$, a$)`.
      return this.#note(record.withKey(record.key), this.#several(record.ordinal, gathered));
    }
    const [delivery] = listOf(root);
    if (delivery === undefined) return record;
    const { replay } = delivery;
    const before = takenBefore(delivery, this, record.ordinal);
    if (before === 0 && replay === undefined) return record;
    let sink = this.#sink;
    // Where only a part of what the record made comes again, it must not be taken for another part.
    if (replay?.node !== undefined && delivery.directed !== undefined && this.#leadHere(delivery.directed)) {
      sink += `!${partOfSink(replay.node)}`;
    }
    if (before > 0) sink += `~${before}`;
    const offset = replay?.of.offset ?? record.offset;
    return this.#note(record.withKey(record.key), { bundle: undefined, sink, offset });
  }

  #several(ordinal: string, gathered: Gathered): Several {
    let bundle = this.#bundles.get(gathered);
    if (bundle === undefined) {
      bundle = this.#bundleOf(gathered);
      this.#bundles.set(gathered, bundle);
    }
    const below = ordinal.slice(gathered.ordinal.length);
    return { bundle, below: below + copyMark(takenBefore(bundle, this, below)) };
  }

  #bundleOf(gathered: Gathered): Bundle {
    const { name, members } = gathered;
    let gatherer = this.#gatherers.get(name);
    if (gatherer === undefined) {
      gatherer = { sink: `${this.#sink}:${partOfSink(name)}` };
      this.#gatherers.set(name, gatherer);
    }
    const taker = gatherer;
    const copies = members.map(({ delivery, ordinal }) => takenBefore(delivery, taker, ordinal));
    return { gathered, sink: gatherer.sink, copies, filed: undefined };
  }

  #note<K, V>(record: KafkaRecord<K, V>, identity: Single | Several): KafkaRecord<K, V> {
    this.#odd.set(record, identity);
    this.#someOdd = true;
    return record;
  }

  /** The document of a taken record. */
  document<V>(record: KafkaRecord<unknown, V>): Document<V> {
    const { partition, ordinal, value } = record;
    const timestamp = timeOfWriting(record.timestamp, this.#clock);
    const identity = this.#someOdd ? this.#odd.get(record) : undefined;
    const origin = originOfRecord(record);
    // Written out: a spread would cost a microsecond a document.
    if (identity === undefined) {
      const source = { origin, partition, offset: record.offset, ordinal, sink: this.#sink };
      return { source, value, timestamp };
    }
    if (identity.bundle === undefined) {
      const { sink, offset } = identity;
      return {
        source: { origin, partition, offset, ordinal, sink },
        value,
        timestamp,
      };
    }
    const { bundle, below } = identity;
    const members = membersOf(bundle);
    const digest = sourceDigest(members.map(placeName).join(' '));
    // Whatever is gathered is at least one record: then this is the last.
    const last = members.at(-1) ?? { origin, partition, offset: record.offset };
    const source = {
      origin: last.origin,
      partition: last.partition,
      offset: last.offset,
      ordinal: digest.ordinal + below,
      sink: bundle.sink,
    };
    return { source, members, value, timestamp };
  }
}

function membersOf({ gathered, copies }: Bundle): readonly DocumentMember[] {
  return gathered.members.map(({ delivery, ordinal }, i) => ({
    origin: delivery.lane.origin,
    partition: delivery.partition,
    offset: delivery.offset,
    ordinal: ordinal + copyMark(copies[i] ?? 0),
  }));
}

/** A step that no ordinal has by itself: what it counts would have to be a billion records made of one. */
const copyStep = 999_999_999;

/** What tells copies of one ordinal apart, behind it; nothing for the first. */
function copyMark(before: number): string {
  return before === 0 ? '' : `.${copyStep}.${before}`;
}

/** A name within a sink, which has `#`, `:`, `~` and `!` for its own use. */
export function partOfSink(name: string): string {
  return name.replace(/[%#:~!]/g, character => `%${character.charCodeAt(0).toString(16)}`);
}

/** `through` gives a record a delivery of its own within the one that it came with. */
function rootOf(deliveries: Deliveries): Deliveries {
  let root = deliveries;
  while (!Array.isArray(root)) {
    const { outer } = root as Delivery;
    if (outer === undefined) break;
    root = outer;
  }
  return root;
}

function placeName({ origin, partition, offset, ordinal }: DocumentMember): string {
  return `${origin}/${partition}/${offset}${ordinal}`;
}
