import type { DocumentMember, DocumentSource, StorePosition } from './port.js';

/** Documents made of the same records. */
interface Unit {
  readonly name: string;
  readonly branch: string | undefined;
  readonly members: readonly DocumentMember[];
  /** Ids of its documents. */
  readonly documents: Set<string>;
  /** Members that belong to no later unit. */
  left: number;
}

/** Which unit each record belongs to, branch by branch. @see Document.members */
export class MemoryUnits {
  readonly #units = new Map<string, Unit>();
  readonly #owners = new Map<string, Unit>();
  readonly #documents = new Set<string>();

  /** Notes a document of several records. @returns the ids of documents that are to go, since no record is theirs any more */
  claim(source: DocumentSource, members: readonly DocumentMember[], document: string): readonly string[] {
    const name = unitName(source);
    const { branch } = source;
    const unit = this.#units.get(name) ?? { name, branch, members, documents: new Set(), left: 0 };
    this.#units.set(name, unit);
    unit.documents.add(document);
    this.#documents.add(document);
    const gone: string[] = [];
    for (const member of members) {
      const place = placeOf(member, branch);
      const owner = this.#owners.get(place);
      if (owner === unit) continue;
      this.#owners.set(place, unit);
      if (owner !== undefined && --owner.left === 0) gone.push(...this.#drop(owner));
    }
    unit.left = members.length;
    return gone;
  }

  /** Whether the document is one of a unit. */
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
      for (const unit of this.#units.values()) {
        // What belongs to another unit by now cuts nothing of this one.
        const { members, branch } = unit;
        if (!members.some(one => again(one) && this.#owners.get(placeOf(one, branch)) === unit)) continue;
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

  /** Gives up the units all of whose records lie at or above these positions. @returns the ids of their documents */
  dropFrom(positions: readonly StorePosition[]): readonly string[] {
    const from = new Map(positions.map(position => [partitionOf(position), position.offset]));
    const above = (member: DocumentMember): boolean =>
      member.offset >= (from.get(partitionOf(member)) ?? Number.POSITIVE_INFINITY);
    return [...this.#units.values()].flatMap(unit => (unit.members.every(above) ? this.#drop(unit) : []));
  }

  #drop(unit: Unit): readonly string[] {
    this.#units.delete(unit.name);
    for (const member of unit.members) {
      const place = placeOf(member, unit.branch);
      if (this.#owners.get(place) === unit) this.#owners.delete(place);
    }
    for (const document of unit.documents) this.#documents.delete(document);
    return [...unit.documents];
  }
}

/** Origin, partition, offset, branch and the first two steps of the ordinal. */
function unitName({ origin, partition, offset, ordinal, branch = '' }: DocumentSource): string {
  return JSON.stringify([origin, partition, offset, branch, ...ordinal.split('.').slice(1, 3)]);
}

function placeOf({ origin, partition, offset, ordinal }: DocumentMember, branch = ''): string {
  return JSON.stringify([origin, partition, offset, ordinal, branch]);
}

function partitionOf({ origin, partition }: Pick<StorePosition, 'origin' | 'partition'>): string {
  return `${origin}/${partition}`;
}
