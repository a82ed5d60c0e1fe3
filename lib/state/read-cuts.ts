import type { DriverAdmin } from '../drivers/port.js';
import type { Cut } from './cut.js';

/** What was read of one changelog. */
export interface ReadLog {
  readonly state: string;
  readonly topic: string;
  /** The last that it told of; undefined: none, from where the restore began. */
  readonly cut: Cut | undefined;
  /** All below was read. */
  readonly end: number;
}

/** What the changelogs of one task tell of its cuts. */
export interface ReadCuts {
  readonly cuts: readonly Cut[];
  /** What the task goes on from; undefined: there is none yet. */
  readonly last: Cut | undefined;
  /** Those that end before the last cut, which was written to them as well. */
  readonly torn: readonly ReadLog[];
  /** Whether what they lack is not there; otherwise it may come: a transaction is open in front of it, or was when they were read. */
  readonly isDecided: boolean;
}

export interface CutsAsked {
  readonly partition: number;
  readonly admin: Pick<DriverAdmin, 'offsets'>;
  /** Of the last unit that was committed by who asks. */
  readonly known: Cut | undefined;
  /** The number of a cut that a commit tells of; 0: none does. */
  readonly told: number;
  /** Reads the changelogs on to their ends. @param states of these alone */
  read(states?: ReadonlySet<string>): Promise<readonly ReadLog[]>;
}

/**
 * Reads the changelogs of a task. A cut is in all of them or in none: where one of them lacks it, or all lack one that a commit tells of, they are read
 * once more, to where the brokers then say that they end. The marks of a commit come to partitions one after the other, and to those of a
 * leader that is down as late as another is elected; until then a reader of committed records sees the end in front of them.
 */
export async function readCuts(asked: CutsAsked): Promise<ReadCuts> {
  const first = await asked.read();
  const lacking = lackingIn(first, asked);
  if (lacking.length === 0) return { ...toldIn(first, asked), isDecided: true };
  // Before they are read: what is decided by now is read then.
  const ends = await endsOf(lacking, asked);
  const again = await asked.read(new Set(lacking.map(({ state }) => state)));
  const read = first.map(one => again.find(({ state }) => state === one.state) ?? one);
  // What this member has committed it has itself, though nobody sees it there yet.
  const seen = read.map(one =>
    one.cut === undefined && !ends.has(one.topic) ? { ...one, cut: asked.known } : one,
  );
  // One that did not lack anything before: somebody commits meanwhile.
  const isDecided = lackingIn(seen, asked).every(
    ({ topic, end }) => end >= (ends.get(topic) ?? Number.POSITIVE_INFINITY),
  );
  return { ...toldIn(seen, asked), isDecided };
}

function toldIn(read: readonly ReadLog[], { known }: CutsAsked): Omit<ReadCuts, 'isDecided'> {
  const cuts = read.flatMap(({ cut }) => cut ?? []);
  const last = cuts.reduce<Cut | undefined>(
    (most, cut) => (most === undefined || cut.number > most.number ? cut : most),
    known,
  );
  return {
    cuts,
    last,
    torn: read.filter(({ state, cut }) => isOf(last, state) && cut?.number !== last?.number),
  };
}

/** The cut names the states that it was written to; not so cuts of older versions. One that the topology has since then has its first with the next. */
function isOf(cut: Cut | undefined, state: string): boolean {
  return Object.hasOwn(cut?.rowsOf ?? {}, state);
}

function lackingIn(read: readonly ReadLog[], asked: CutsAsked): readonly ReadLog[] {
  const { last, torn } = toldIn(read, asked);
  return asked.told > (last?.number ?? 0) ? read : torn;
}

/** By topic, of those in which nothing is open. */
async function endsOf(
  logs: readonly ReadLog[],
  { admin, partition }: CutsAsked,
): Promise<ReadonlyMap<string, number>> {
  const ends = await Promise.all(
    logs.map(async ({ topic }) => {
      const committed = await admin.offsets(topic, 'latest', { readCommitted: true });
      // Later: where it is the same, nothing was open in front of it.
      const all = await admin.offsets(topic, 'latest');
      return [
        topic,
        committed[partition] ?? Number.POSITIVE_INFINITY,
        all[partition] ?? Number.POSITIVE_INFINITY,
      ] as const;
    }),
  );
  return new Map(ends.flatMap(([topic, committed, all]) => (committed === all ? [[topic, all]] : [])));
}
