import { type Gathered, gatheredOf } from '../../record/gathered.js';
import type { KafkaRecord } from '../../record/record.js';
import type { DocumentMember, DocumentSource } from '../../stores/port.js';
import { sourceDigest } from '../../stores/source-digest.js';
import { type Deliveries, type Delivery, deliveriesOf } from '../leases/delivery.js';
import { listOf } from '../leases/leases.js';

/** What a document's identity has beside its record's coordinates. */
interface Identity {
  readonly branch: string;
  /** Of the record that a replayed one stands for; otherwise the record's own. */
  readonly offset: number;
  readonly gathered: Gathered | undefined;
}

/** Which identities one sink has taken of one source record: how many of each. */
type Taken = Map<DocumentIdentities, Map<string, number>>;

/**
 * The identities of the documents of one sink. Mostly a source record makes one document at a sink, whose coordinates are
 * all that is needed. What makes several is told apart here:
 *
 * - `flatMapValue` and the like by their ordinals;
 * - what plain rxjs makes of one record (`mergeMap(r => [a, b])`), or merges before the sink, by the order in which it comes;
 * - what is made of a replayed record is what was made of the record that it stands for;
 * - what `batch` makes by the records that it was made of, and by the node.
 */
export class DocumentIdentities {
  readonly #branch: string;
  readonly #originOf: (topic: string) => string;
  readonly #leadHere: (nodes: ReadonlySet<string>) => boolean;
  /** Of those that need more than their coordinates. */
  readonly #odd = new WeakMap<KafkaRecord, Identity>();
  #someOdd = false;

  /**
   * @param branch the sink's own
   * @param leadHere whether one of these nodes leads to the sink
   */
  constructor(
    branch: string,
    originOf: (topic: string) => string,
    leadHere: (nodes: ReadonlySet<string>) => boolean,
  ) {
    this.#branch = branch;
    this.#leadHere = leadHere;
    this.#originOf = originOf;
  }

  /** Takes a record on receipt, once. @returns the record to go on with */
  take<K, V>(record: KafkaRecord<K, V>): KafkaRecord<K, V> {
    const root = rootOf(record[deliveriesOf]);
    if (!Array.isArray(root) && record.ordinal === '') {
      const delivery = root as Delivery;
      if (delivery.filed === undefined && delivery.replay === undefined) {
        delivery.filed = this;
        return record;
      }
    }
    return this.#takeOdd(record, root);
  }

  #takeOdd<K, V>(record: KafkaRecord<K, V>, root: Deliveries): KafkaRecord<K, V> {
    const gathered = gatheredOf(root);
    const [delivery] = listOf(root);
    const replay = gathered === undefined ? delivery?.replay : undefined;
    let branch = this.#branch;
    if (gathered !== undefined) branch += `:${partOfBranch(gathered.node)}`;
    // Where only a part of what the record made comes again, it must not be taken for another part.
    if (replay?.node !== undefined && delivery?.directed !== undefined && this.#leadHere(delivery.directed)) {
      branch += `!${partOfBranch(replay.node)}`;
    }
    const before = delivery === undefined ? 0 : this.#count(delivery, `${record.ordinal}@${branch}`);
    if (before === 0 && gathered === undefined && replay === undefined) return record;
    // A copy, since the very same record may have come before: `merge(a$, a$)`.
    const own = before === 0 ? record : record.withKey(record.key);
    const offset = replay?.of.offset ?? record.offset;
    this.#odd.set(own, { branch: before === 0 ? branch : `${branch}~${before}`, offset, gathered });
    this.#someOdd = true;
    return own;
  }

  /** @returns how many of that identity this sink has taken before */
  #count(delivery: Delivery, identity: string): number {
    let taken: Taken;
    if (delivery.filed instanceof Map) {
      taken = delivery.filed as Taken;
    } else {
      taken = new Map();
      const first = delivery.filed;
      // Only this class files anything: the first document of a sink, which had no ordinal.
      if (first instanceof DocumentIdentities) taken.set(first, new Map([[`@${first.#branch}`, 1]]));
      delivery.filed = taken;
    }
    const mine = taken.get(this) ?? new Map<string, number>();
    taken.set(this, mine);
    const before = mine.get(identity) ?? 0;
    mine.set(identity, before + 1);
    return before;
  }

  /** The source of a taken record's document, and what it was made of where that is several records. */
  of(record: KafkaRecord): {
    readonly source: DocumentSource;
    readonly members: readonly DocumentMember[] | undefined;
  } {
    const identity = this.#someOdd ? this.#odd.get(record) : undefined;
    const { topic, partition, ordinal } = record;
    if (identity === undefined) {
      const origin = this.#originOf(topic);
      return {
        source: { origin, partition, offset: record.offset, ordinal, branch: this.#branch },
        members: undefined,
      };
    }
    const { offset, branch, gathered } = identity;
    const members = gathered?.members.map(({ topic, ...place }) => ({
      origin: this.#originOf(topic),
      ...place,
    }));
    const last = members?.at(-1);
    if (members === undefined || last === undefined) {
      return {
        source: { origin: this.#originOf(topic), partition, offset, ordinal, branch },
        members: undefined,
      };
    }
    const digest = sourceDigest(members.map(placeName).join(' '));
    const below = ordinal.slice(gathered?.ordinal.length ?? 0);
    return { source: { ...last, ordinal: digest.ordinal + below, branch }, members };
  }
}

/** A name within a branch, which has `#`, `:`, `~` and `!` for its own use. */
export function partOfBranch(name: string): string {
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
