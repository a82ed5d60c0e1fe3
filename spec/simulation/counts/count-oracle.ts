/** What must hold of the counting system: looks at the broker's logs, never at the library. */
import type {
  Invariants,
  SimulationView,
  WrittenInput,
} from '../../../lib/testing/simulation/simulation-parts.js';
import { changelogOf, cutsIn, type LoggedCut, outputsIn, windowIn } from './changelog.js';
import { awaitedByClock, markClock, wrongTimers } from './clock-oracle.js';
import { type Countable, countablesBelow, countsOf, type WindowCounts, windowsOf } from './count-model.js';
import { type CountShape, type CountWorkload, countOutputs, inputsOf } from './count-workload.js';
import type { InternalRecords } from './internal-records.js';

/** A state of the topology. */
interface Counted {
  readonly state: string;
  /** Undefined: what it has there is of timers. */
  readonly output: string | undefined;
  /** Undefined: one count a key. */
  readonly windows: CountShape['windows'];
  readonly emit: CountShape['emit'];
}

export const internalTopic = 'simulated-by-group-repartition';

/** Topics that the topology makes, and reads. */
export const internalTopicsOf = ({ byGroup }: CountShape): readonly string[] =>
  byGroup ? [internalTopic] : [];

/** @param told what was wrong of what apps have failed with, if anything */
export function countOracle(
  { shape }: CountWorkload,
  moved: InternalRecords,
  told: () => string | undefined,
): Invariants {
  const isOnce = shape.options.guarantee === 'exactly-once';
  const movedTo = (partition: number): readonly Countable[] => countablesMoved(moved, partition);
  return {
    awaited(view) {
      moved.look(view);
      return awaitedByClock(view, shape, movedTo);
    },
    committed(view, offsets) {
      moved.look(view);
      for (const { topic, partition, offset, metadata } of offsets) {
        const wrong =
          (shape.byGroup && topic !== internalTopic
            ? notMoved(view, moved, topic, partition, offset)
            : undefined) ??
          statesOf(topic, shape)
            .map(of => wrongAt(view, moved, of, { topic, partition }, { offset, number: cutIn(metadata) }))
            .find(one => one !== undefined);
        if (wrong !== undefined) return wrong;
      }
      return told();
    },
    atRest(view) {
      moved.look(view);
      markClock(view, shape, movedTo);
      for (const topic of [...inputsOf(shape), ...internalTopicsOf(shape)]) {
        const ends = view.broker.endOffsets(topic);
        for (const of of statesOf(topic, shape)) {
          const wrong = ends
            .map((end, partition) =>
              end === 0
                ? undefined
                : wrongAt(view, moved, of, { topic, partition }, { offset: end, number: undefined }),
            )
            .find(one => one !== undefined);
          if (wrong !== undefined) return wrong;
          const output = isOnce ? notOnce(view, of) : undefined;
          if (output !== undefined) return output;
        }
      }
      const [input = ''] = inputsOf(shape);
      const readOf = (partition: number): readonly Countable[] =>
        countablesBelow(view, input, partition, Number.POSITIVE_INFINITY);
      const timers = wrongTimers(view, shape, readOf, view.broker.cluster.partitionCount(input));
      return timers ?? (shape.byGroup ? movedOnce(moved, view.written) : undefined) ?? told();
    },
  };
}

function statesOf(topic: string, shape: CountShape): readonly Counted[] {
  const { byKey, byGroup, windows, timers, emit } = shape;
  const isInternal = topic === internalTopic;
  const isWindowed = windows !== undefined && (windows.by === 'group') === isInternal;
  return [
    ...(byGroup && isInternal
      ? [{ state: 'groups', output: countOutputs.groups, windows: undefined, emit }]
      : []),
    ...(byKey && !isInternal ? [{ state: 'keys', output: countOutputs.keys, windows: undefined, emit }] : []),
    ...(isWindowed ? [{ state: 'windows', output: countOutputs.windows, windows, emit }] : []),
    ...(timers !== undefined && !isInternal
      ? [{ state: 'timers', output: undefined, windows: undefined, emit }]
      : []),
  ];
}

/** The number of the cut that a commit says it is part of. */
function cutIn(metadata = ''): string {
  return / ?kafka-rx\.cut=(\d+)/.exec(metadata)?.[1] ?? 'none';
}

/** What a commit says. */
interface Committed {
  readonly offset: number;
  /** Undefined: that is not asked. */
  readonly number: string | undefined;
}

/** A state of one task, after its last cut. */
interface Held extends Counted {
  readonly view: SimulationView;
  readonly cut: LoggedCut;
  /** Which cut of which changelog, for people. */
  readonly where: string;
  /** What its inputs have below the cut's positions. */
  readonly records: readonly Countable[];
}

/** The last cut of a task is the commit's, and all before it comes to what the inputs below its positions do. */
function wrongAt(
  view: SimulationView,
  moved: InternalRecords,
  of: Counted,
  { topic, partition }: { readonly topic: string; readonly partition: number },
  { offset, number }: Committed,
): string | undefined {
  const cuts = cutsIn(view, of.state, partition);
  const where = `${changelogOf(view, of.state)}/${partition}`;
  const jump = cuts.findIndex((cut, i) => cut.number !== i + 1);
  if (jump >= 0) return `${where}: cut ${jump + 1} says that it is ${cuts[jump]?.number}`;
  const cut = cuts.at(-1);
  if (cut === undefined) return `${where} has no cut, and ${topic} is committed to ${offset}`;
  if (number !== undefined && number !== String(cut.number))
    return `${where}: the last cut is ${cut.number}, and ${topic}@${offset} is committed with ${number}`;
  const position = cut.positions[topic];
  if (position !== offset)
    return `${where}: cut ${cut.number} is of ${topic}@${position}, and ${offset} is committed`;
  const records = Object.entries(cut.positions).flatMap(([input, below]) =>
    input === internalTopic
      ? countablesMoved(moved, partition, below)
      : countablesBelow(view, input, partition, below),
  );
  const held: Held = { ...of, view, cut, records, where: `${where}: cut ${cut.number}` };
  if (of.windows === undefined) return wrongCounts(held) ?? notWritten(held);
  if (of.windows.idleMs !== undefined) return wrongClosedByClock(held, of.windows);
  return of.windows.by === 'group'
    ? wrongHeldWindows(held, of.windows)
    : wrongWindows(held, windowsOf(records, of.windows));
}

/** What has expired may have been read before, or not. */
function wrongCounts({ cut: { positions, rows }, records, where }: Held): string | undefined {
  const most = countsOf(records);
  const least = countsOf(records.filter(({ gone }) => !gone));
  for (const key of new Set([...most.keys(), ...rows.keys()])) {
    const [found, from, to] = [rows.get(key) ?? 0, least.get(key) ?? 0, most.get(key) ?? 0];
    const due = from === to ? to : `${from} to ${to}`;
    if (found < from || found > to)
      return `${where} has ${found} of ${key}, and ${JSON.stringify(positions)} has ${due}`;
  }
  return undefined;
}

/** Each count that there was is an output; where they are handed on at commits, what was committed is. What the clock hands on may come yet. */
function notWritten({ view, output, emit, cut: { rows } }: Held): string | undefined {
  if (output === undefined || typeof emit === 'object') return undefined;
  const written = new Set(outputsIn(view, output));
  for (const [key, count] of rows)
    for (let each = emit === 'commit' ? count : 1; each <= count; each++)
      if (!written.has(`${key}=${each}`))
        return `${key} is committed as ${count}, and ${each} never came to ${output}`;
  return undefined;
}

/** When it closes what depends on who ran when; what it does not depend on is that nothing is counted that there is not. */
function wrongClosedByClock(
  { cut, records, where }: Held,
  windows: { readonly sizeMs: number },
): string | undefined {
  if (records.some(({ gone }) => gone)) return undefined;
  const most = windowsOf(records, { ...windows, graceMs: Number.POSITIVE_INFINITY }).open;
  for (const [key, count] of cut.rows) {
    const window = windowIn(key);
    if (count > (most.get(window) ?? 0))
      return `${where} has ${count} in ${window}, and its inputs have ${most.get(window) ?? 0}`;
  }
  return undefined;
}

function wrongWindows(held: Held, { open, closed }: WindowCounts): string | undefined {
  const { view, output, cut, records, where } = held;
  // What is late depends on what was read.
  if (records.some(({ gone }) => gone)) return undefined;
  const found = new Map([...cut.rows].map(([key, count]) => [windowIn(key), count]));
  for (const [window, count] of open)
    if (found.get(window) !== count)
      return `${where} has ${found.get(window) ?? 0} in ${window}, and its inputs have ${count}`;
  for (const [window, count] of found)
    if ((open.get(window) ?? closed.get(window)) !== count)
      return `${where} has ${count} in ${window}, which has ${closed.get(window) ?? 0}`;
  const written = new Set(outputsIn(view, output ?? ''));
  for (const [window, count] of closed)
    if (!written.has(`${window}=${count}`))
      return `${window} is closed with ${count}, and never came to ${output}`;
  return undefined;
}

/**
 * Behind the internal topic stream time is held by those who write it, so that less is late: by the time of the cut a window is open, with all of its
 * records, or closed, with those at least that none would have been late for.
 */
function wrongHeldWindows(
  { view, output, cut, records, where }: Held,
  windows: { readonly sizeMs: number; readonly graceMs: number },
): string | undefined {
  // What is late depends on what was read.
  if (records.some(({ gone }) => gone)) return undefined;
  const strict = windowsOf(records, windows);
  const all = windowsOf(records, { ...windows, graceMs: Number.POSITIVE_INFINITY }).open;
  const found = new Map([...cut.rows].map(([key, count]) => [windowIn(key), count]));
  const time = cut.numbers['windows/streamTime'] ?? -1;
  const newest = Math.max(-1, ...records.map(({ timestamp }) => timestamp));
  if (time > newest) return `${where} is at ${time}, and its inputs at ${newest}`;
  const written = outputsIn(view, output ?? '');
  for (const window of found.keys())
    if (!all.has(window)) return `${where} has ${window}, of which its inputs have nothing`;
  for (const [window, most] of all) {
    const start = Number(window.slice(window.indexOf('@') + 1));
    const least = strict.open.get(window) ?? strict.closed.get(window) ?? 0;
    const row = found.get(window);
    if (start + windows.sizeMs + windows.graceMs > time) {
      if (row !== most) return `${where} has ${row ?? 0} in ${window}, and its inputs have ${most}`;
      continue;
    }
    const isDue = (count: number): boolean => count >= least && count <= most;
    if (row !== undefined && !isDue(row))
      return `${where} has ${row} in ${window}, which has ${least} to ${most}`;
    const finals = written.filter(one => one.startsWith(`${window}=`)).map(one => Number(one.split('=')[1]));
    if (!finals.every(isDue) || (least > 0 && finals.length === 0))
      return `${window} is closed with ${least} to ${most}, and ${finals.join()} came to ${output}`;
  }
  return undefined;
}

/** Under exactly once each count comes once; of windows each comes once. */
function notOnce(view: SimulationView, { output, windows }: Counted): string | undefined {
  if (output === undefined) return undefined;
  const seen = new Set<string>();
  for (const one of outputsIn(view, output)) {
    const what = windows === undefined ? one : (one.split('=')[0] ?? '');
    if (seen.has(what)) return `${what} is twice in ${output}`;
    seen.add(what);
  }
  return undefined;
}

function countablesMoved(
  moved: InternalRecords,
  partition: number,
  below = Number.POSITIVE_INFINITY,
): readonly Countable[] {
  const records = moved.below(partition, below);
  return records.map(({ key, timestamp }) => ({ key: key ?? '', timestamp, gone: false }));
}

/** Each input below what is committed is in the internal topic once. */
function notMoved(
  view: SimulationView,
  moved: InternalRecords,
  topic: string,
  partition: number,
  offset: number,
): string | undefined {
  const due = view.written.filter(
    one => one.input.topic === topic && one.partition === partition && one.offset < offset,
  );
  return movedOnce(moved, due);
}

function movedOnce(moved: InternalRecords, due: readonly WrittenInput[]): string | undefined {
  const times = new Map<number, number>();
  for (const { value } of moved.all) {
    const { id } = JSON.parse(value ?? '{}');
    times.set(id, (times.get(id) ?? 0) + 1);
  }
  for (const { input, gone, partition, offset } of due) {
    if (input.key === null) continue;
    const { id } = JSON.parse(String(input.value));
    const found = times.get(id) ?? 0;
    if (found > 1 || (found < 1 && !gone))
      return `click ${id} of ${partition}@${offset} is ${found} times in ${internalTopic}`;
  }
  return undefined;
}
