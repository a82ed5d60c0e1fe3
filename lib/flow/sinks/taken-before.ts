/** A delivery, or another thing of which several may take something: it notes itself who has taken what. */
export interface Takeable {
  filed: object | undefined;
}

/** What one taker has had of it. */
class Tally {
  readonly taker: object;
  readonly next: Tally | undefined;
  /** Of the ordinal `''`. */
  times = 0;
  others: Map<string, number> | undefined;

  constructor(taker: object, next: Tally | undefined) {
    this.taker = taker;
    this.next = next;
  }
}

/**
 * Notes that `taker` takes what has this ordinal. Mostly one taker has one, whose ordinal is `''`: then the taker itself is
 * all that is noted. Takers are few, and in a list; what they take may be thousands, and is in a map.
 *
 * @returns how often the taker has taken it before
 */
export function takenBefore(from: Takeable, taker: object, ordinal: string): number {
  if (from.filed === undefined && ordinal === '') {
    from.filed = taker;
    return 0;
  }
  const tally = tallyOf(from, taker);
  if (ordinal === '') return tally.times++;
  tally.others ??= new Map();
  const before = tally.others.get(ordinal) ?? 0;
  tally.others.set(ordinal, before + 1);
  return before;
}

function tallyOf(from: Takeable, taker: object): Tally {
  let first: Tally | undefined;
  if (from.filed instanceof Tally) {
    first = from.filed;
  } else if (from.filed !== undefined) {
    first = new Tally(from.filed, undefined);
    first.times = 1;
  }
  for (let each = first; each !== undefined; each = each.next) {
    if (each.taker !== taker) continue;
    from.filed = first;
    return each;
  }
  const own = new Tally(taker, first);
  from.filed = own;
  return own;
}
