import type { DocumentMember, DocumentSource, StorePosition } from './port.js';

/** Documents made of the same records. */
interface Bundle {
  readonly name: string;
  readonly sink: string | undefined;
  readonly members: readonly DocumentMember[];
  /** Ids of its documents. */
  readonly documents: Set<string>;
  /** Members that belong to no later bundle. */
  left: number;
}

/** Which bundle each record belongs to, sink by sink. @see Document.members */
export class MemoryBundles {
  readonly #bundles = new Map<string, Bundle>();
  readonly #owners = new Map<string, Bundle>();
  readonly #documents = new Set<string>();

  /** Notes a document of several records. @returns the ids of documents that are to go, since no record is theirs any more */
  claim(source: DocumentSource, members: readonly DocumentMember[], document: string): readonly string[] {
    const name = bundleName(source);
    const { sink } = source;
    const bundle = this.#bundles.get(name) ?? { name, sink, members, documents: new Set(), left: 0 };
    this.#bundles.set(name, bundle);
    bundle.documents.add(document);
    this.#documents.add(document);
    const gone: string[] = [];
    for (const member of members) {
      const place = placeOf(member, sink);
      const owner = this.#owners.get(place);
      if (owner === bundle) continue;
      this.#owners.set(place, bundle);
      if (owner !== undefined && --owner.left === 0) gone.push(...this.#drop(owner));
    }
    bundle.left = members.length;
    return gone;
  }

  /** Whether the document is one of a bundle. */
  has(document: string): boolean {
    return this.#documents.has(document);
  }

  /** @see StorePositions.wholeFrom */
  wholeFrom(starts: readonly StorePosition[]): readonly number[] {
    const from = new Map(starts.map(start => [partitionOf(start), start.offset]));
    const again = (member: DocumentMember): boolean => {
      const start = from.get(partitionOf(member));
      return start !== undefined && member.offset >= start;
    };
    for (let moved = true; moved; ) {
      moved = false;
      for (const bundle of this.#bundles.values()) {
        // What belongs to another bundle by now cuts nothing of this one.
        const { members, sink } = bundle;
        if (!members.some(one => again(one) && this.#owners.get(placeOf(one, sink)) === bundle)) continue;
        for (const member of members) {
          const start = from.get(partitionOf(member));
          if (start === undefined || start <= member.offset) continue;
          from.set(partitionOf(member), member.offset);
          moved = true;
        }
      }
    }
    return starts.map(start => from.get(partitionOf(start)) ?? start.offset);
  }

  /** Gives up the bundles all of whose records lie at or above these positions. @returns the ids of their documents */
  dropFrom(positions: readonly StorePosition[]): readonly string[] {
    const from = new Map(positions.map(position => [partitionOf(position), position.offset]));
    const above = (member: DocumentMember): boolean =>
      member.offset >= (from.get(partitionOf(member)) ?? Number.POSITIVE_INFINITY);
    return [...this.#bundles.values()].flatMap(bundle =>
      bundle.members.every(above) ? this.#drop(bundle) : [],
    );
  }

  #drop(bundle: Bundle): readonly string[] {
    this.#bundles.delete(bundle.name);
    for (const member of bundle.members) {
      const place = placeOf(member, bundle.sink);
      if (this.#owners.get(place) === bundle) this.#owners.delete(place);
    }
    for (const document of bundle.documents) this.#documents.delete(document);
    return [...bundle.documents];
  }
}

/** Origin, partition, offset, sink and the first two steps of the ordinal. */
function bundleName({ origin, partition, offset, ordinal, sink = '' }: DocumentSource): string {
  return JSON.stringify([origin, partition, offset, sink, ...ordinal.split('.').slice(1, 3)]);
}

function placeOf({ origin, partition, offset, ordinal }: DocumentMember, sink = ''): string {
  return JSON.stringify([origin, partition, offset, ordinal, sink]);
}

function partitionOf({ origin, partition }: Pick<StorePosition, 'origin' | 'partition'>): string {
  return `${origin}/${partition}`;
}
