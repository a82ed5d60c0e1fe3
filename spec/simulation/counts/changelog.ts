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

/** Of what lies beside the rows, such as timers. */
const reserved = '\0\0kafka-rx/';
const cutKey = `${reserved}cut`;

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
    else if (key?.startsWith(reserved)) continue;
    else if (value === null) rows.delete(key ?? '');
    else rows.set(key ?? '', JSON.parse(value));
  }
  return cuts;
}

/** What was written to an output, such as `k1=3`. */
export function outputsIn(view: SimulationView, topic: string): readonly string[] {
  const { broker } = view;
  return Array.from({ length: broker.cluster.partitionCount(topic) }, (_, partition) =>
    decidedIn(view, topic, partition).map(({ key, value }) => `${key}=${value}`),
  ).flat();
}

/** Of a window: the key, the start (8 bytes, big-endian), 4 zero bytes. Gives `key@start`. */
export function windowIn(key: string): string {
  const bytes = Buffer.from(key, 'latin1');
  const at = bytes.length - 12;
  return `${bytes.toString('latin1', 0, at)}@${bytes.readBigInt64BE(at)}`;
}
