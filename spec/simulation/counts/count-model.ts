/** What the counts must be of records in their order: folds, of none of the library's code. */
import type { SimulationView } from '../../../lib/testing/simulation/simulation-parts.js';
import { timerAfter } from './count-workload.js';

/** A record that is to be counted. */
export interface Countable {
  readonly key: string;
  readonly timestamp: number;
  /** It has expired, perhaps before it was read. */
  readonly gone: boolean;
}

/** What a partition of an input has below an offset, but for records without a key. */
export function countablesBelow(
  view: SimulationView,
  topic: string,
  partition: number,
  below: number,
): readonly Countable[] {
  return view.written
    .filter(one => one.input.topic === topic && one.partition === partition && one.offset < below)
    .filter(({ input }) => input.key !== null)
    .map(({ input, gone }) => ({ key: String(input.key), timestamp: input.timestamp ?? 0, gone }));
}

export function countsOf(records: readonly Countable[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { key } of records) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

/** By `key@start`: the windows that are open, and what came of those that are closed. */
export interface WindowCounts {
  readonly open: ReadonlyMap<string, number>;
  readonly closed: ReadonlyMap<string, number>;
}

/** A window is closed when the largest timestamp so far is a grace behind its end; what comes for it then is late. */
export function windowsOf(
  records: readonly Countable[],
  { sizeMs, graceMs }: { readonly sizeMs: number; readonly graceMs: number },
): WindowCounts {
  const counts = new Map<string, number>();
  let time = Number.NEGATIVE_INFINITY;
  const startOf = (timestamp: number): number => timestamp - (timestamp % sizeMs);
  const isClosed = (start: number): boolean => start + sizeMs + graceMs <= time;
  for (const { key, timestamp } of records) {
    time = Math.max(time, timestamp);
    const window = `${key}@${startOf(timestamp)}`;
    if (!isClosed(startOf(timestamp))) counts.set(window, (counts.get(window) ?? 0) + 1);
  }
  const all = [...counts];
  const isOver = ([window]: readonly [string, number]): boolean =>
    isClosed(Number(window.slice(window.indexOf('@') + 1)));
  return { open: new Map(all.filter(one => !isOver(one))), closed: new Map(all.filter(isOver)) };
}

/** What timers have come to: `key=due#count`, in the order in which they fire. */
export function firedOf(records: readonly Countable[], everyMs: number): readonly string[] {
  const counts = new Map<string, number>();
  const fired: string[] = [];
  let waiting: { readonly key: string; readonly due: number }[] = [];
  let time = Number.NEGATIVE_INFINITY;
  for (const { key, timestamp } of records) {
    time = Math.max(time, timestamp);
    counts.set(key, (counts.get(key) ?? 0) + 1);
    const due = timerAfter(timestamp, everyMs);
    if (!waiting.some(one => one.key === key && one.due === due)) waiting.push({ key, due });
    for (const one of waiting)
      if (one.due <= time) fired.push(`${one.key}=${one.due}#${counts.get(one.key)}`);
    waiting = waiting.filter(one => one.due > time);
  }
  return fired;
}
