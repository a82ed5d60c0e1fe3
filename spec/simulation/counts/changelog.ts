/** What stands in a changelog, as readers of committed records see it: read byte by byte, never by the library. */
import type { SimulationView } from '../../../lib/testing/simulation/simulation-parts.js';

export interface LoggedCut {
  readonly number: number;
  readonly positions: Readonly<Record<string, number>>;
  /** Of operators, such as `windows/streamTime`. */
  readonly numbers: Readonly<Record<string, number>>;
  /** What all before it comes to, by key. */
  readonly rows: ReadonlyMap<string, number>;
}

/** A record of a partition, decided. */
export interface LoggedRecord {
  readonly offset: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly timestamp: number;
}

const cutKey = '\0\0kafka-rx/cut';

export const changelogOf = ({ groupId }: SimulationView, state: string): string =>
  `${groupId}-${state}-changelog`;

/** None of a topic that there is not. */
export function decidedIn(
  { broker }: SimulationView,
  topic: string,
  partition: number,
): readonly LoggedRecord[] {
  if (broker.cluster.partitionCount(topic) <= partition) return [];
  const log = broker.cluster.logs(topic)[partition];
  return [...(log?.decided() ?? [])].map(({ offset, key, value, timestamp }) => {
    return { offset, key: key?.toString('latin1') ?? null, value: value?.toString() ?? null, timestamp };
  });
}

/** The cuts of a task, in order. */
export function cutsIn(view: SimulationView, state: string, partition: number): readonly LoggedCut[] {
  const rows = new Map<string, number>();
  const cuts: LoggedCut[] = [];
  for (const { key, value } of decidedIn(view, changelogOf(view, state), partition)) {
    if (key === cutKey) cuts.push({ ...JSON.parse(value ?? '{}'), rows: new Map(rows) });
    else if (value === null) rows.delete(key ?? '');
    else rows.set(key ?? '', JSON.parse(value));
  }
  return cuts;
}

/** Of a window: the key, the start (8 bytes, big-endian), 4 zero bytes. Gives `key@start`. */
export function windowIn(key: string): string {
  const bytes = Buffer.from(key, 'latin1');
  const at = bytes.length - 12;
  return `${bytes.toString('latin1', 0, at)}@${bytes.readBigInt64BE(at)}`;
}
