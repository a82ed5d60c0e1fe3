/** What must hold of what comes by the clock, and by timers: of windows that are closed where nothing comes, results that wait, and what was quiet. */
import type { SimulationView } from '../../../lib/testing/simulation/simulation-parts.js';
import { decidedIn, outputsIn } from './changelog.js';
import { type Countable, countablesBelow, countsOf, firedOf, windowsOf } from './count-model.js';
import { type CountShape, countedInput, countOutputs, inputsOf, quietTimer } from './count-workload.js';

/** What an input, or the internal topic, has come to in a partition. */
export type RecordsOf = (partition: number) => readonly Countable[];

/** What is still to come by the clock. */
export function awaitedByClock(
  view: SimulationView,
  shape: CountShape,
  moved: RecordsOf,
): string | undefined {
  const { windows, timers, emit, byKey, byGroup } = shape;
  const read = all(view, shape);
  const isHeld = typeof emit === 'object';
  return (
    // A key that has been quiet for long.
    (timers && untold(view, countOutputs.timers, read, `${quietTimer}#`)) ??
    (isHeld && byKey ? untold(view, countOutputs.keys, read) : undefined) ??
    (isHeld && byGroup ? untold(view, countOutputs.groups, allOf(view, shape, moved)) : undefined) ??
    (windows?.idleMs === undefined ? undefined : notAccounted(view, shape, moved))
  );
}

/** Of each key the last count came, whatever was left out before it. @param as what stands before the count */
function untold(
  view: SimulationView,
  output: string,
  records: readonly Countable[],
  as = '',
): string | undefined {
  if (records.some(({ gone }) => gone)) return undefined;
  const written = new Set(outputsIn(view, output));
  for (const [key, count] of countsOf(records)) {
    const due = `${key}=${as}${count}`;
    if (!written.has(due)) return `${due} never came to ${output}`;
  }
  return undefined;
}

/** Each timer in stream time that was due has fired, under exactly once each once, and none that was not. */
export function wrongTimers(
  view: SimulationView,
  { timers, options }: CountShape,
  recordsOf: RecordsOf,
  partitions: number,
): string | undefined {
  if (timers === undefined) return undefined;
  const records = Array.from({ length: partitions }, (_, partition) => recordsOf(partition));
  if (records.flat().some(({ gone }) => gone)) return undefined;
  const due = records.flatMap(ofPartition => firedOf(ofPartition, timers.everyMs));
  const fired = outputsIn(view, countOutputs.timers);
  const byStreamTime = fired.filter(one => !one.includes(`=${quietTimer}#`));
  const missing = due.find(one => !byStreamTime.includes(one));
  if (missing !== undefined) return `${missing} is due, and never came to ${countOutputs.timers}`;
  const early = byStreamTime.find(one => !due.includes(one));
  if (early !== undefined) return `${early} came to ${countOutputs.timers}, and is not due`;
  const twice = fired.find((one, at) => fired.indexOf(one) !== at);
  return options.guarantee === 'exactly-once' && twice !== undefined
    ? `${twice} is twice in ${countOutputs.timers}`
    : undefined;
}

/** Each record of a window is in its final result or was told to be late: under exactly once in one of them, and there is one result at most. */
function notAccounted(view: SimulationView, shape: CountShape, moved: RecordsOf): string | undefined {
  const { windows, options } = shape;
  if (windows === undefined) return undefined;
  const records = windows.by === 'group' ? allOf(view, shape, moved) : all(view, shape);
  if (records.some(({ gone }) => gone)) return undefined;
  const windowOf = (key: string, timestamp: number): string =>
    `${key}@${timestamp - (timestamp % windows.sizeMs)}`;
  const finals = new Map<string, number[]>();
  for (const one of outputsIn(view, countOutputs.windows)) {
    const [window = '', count] = one.split('=');
    finals.set(window, [...(finals.get(window) ?? []), Number(count)]);
  }
  const lates = latesIn(view, windowOf);
  for (const [window, count] of countsOf(
    records.map(one => ({ ...one, key: windowOf(one.key, one.timestamp) })),
  )) {
    const results = finals.get(window) ?? [];
    const late = lates.get(window) ?? [];
    const most = Math.max(0, ...results);
    const told = `${window} has ${count} records, ${late.length} late, and ${results.join()} came to ${countOutputs.windows}`;
    if (most > count) return told;
    if (
      options.guarantee === 'exactly-once' ? most + late.length !== count : most + new Set(late).size < count
    )
      return told;
  }
  return undefined;
}

/** Of each window the ids of the records that it did not take. */
function latesIn(
  view: SimulationView,
  windowOf: (key: string, timestamp: number) => string,
): ReadonlyMap<string, readonly number[]> {
  const lates = new Map<string, number[]>();
  const partitions = view.broker.cluster.partitionCount(countOutputs.lates);
  for (let partition = 0; partition < partitions; partition++)
    for (const { key, value, timestamp } of decidedIn(view, countOutputs.lates, partition)) {
      const window = windowOf(key ?? '', timestamp);
      lates.set(window, [...(lates.get(window) ?? []), JSON.parse(value ?? '{}').id]);
    }
  return lates;
}

/** What came by the clock and by timers, where it did. */
export function markClock(view: SimulationView, shape: CountShape, moved: RecordsOf): void {
  const { windows, emit, byKey } = shape;
  const mark = (isSo: boolean, what: string): void => {
    if (isSo) view.mark(`counts: ${what}`);
  };
  const fired = outputsIn(view, countOutputs.timers);
  const isQuiet = (one: string): boolean => one.includes(`=${quietTimer}#`);
  mark(fired.some(isQuiet), 'a key was quiet');
  mark(!fired.every(isQuiet), 'a timer fired');
  const read = all(view, shape);
  const written = new Set(outputsIn(view, countOutputs.keys));
  mark(
    typeof emit === 'object' && byKey && written.size < read.length,
    'a result was left out for a later one',
  );
  if (windows?.idleMs === undefined) return;
  const ofPartitions = partitionsOf(view, inputsOf(shape)[0] ?? '').map(partition =>
    windows.by === 'group'
      ? moved(partition)
      : countablesBelow(view, countedInput, partition, Number.POSITIVE_INFINITY),
  );
  const byRecords = ofPartitions.map(records => windowsOf(records, windows));
  const finals = outputsIn(view, countOutputs.windows).map(one => one.split('=')[0] ?? '');
  mark(
    finals.some(window => byRecords.some(({ open }) => open.has(window))),
    'a window was closed by the clock',
  );
  const taken = byRecords.flatMap(({ open, closed }) => [...open.values(), ...closed.values()]);
  const late = ofPartitions.flat().length - taken.reduce((sum, count) => sum + count, 0);
  const lates = new Set(outputsIn(view, countOutputs.lates));
  mark(lates.size > late, 'a record was late for one that the clock had closed');
}

/** Of all inputs. */
function all(view: SimulationView, shape: CountShape): readonly Countable[] {
  return inputsOf(shape).flatMap(topic =>
    partitionsOf(view, topic).flatMap(partition =>
      countablesBelow(view, topic, partition, Number.POSITIVE_INFINITY),
    ),
  );
}

/** Of the internal topic; gone where an input is, since that may never have come there. */
function allOf(view: SimulationView, shape: CountShape, moved: RecordsOf): readonly Countable[] {
  const gone = all(view, shape).some(one => one.gone);
  const [input = ''] = inputsOf(shape);
  return partitionsOf(view, input).flatMap(partition => moved(partition).map(one => ({ ...one, gone })));
}

function partitionsOf({ broker }: SimulationView, topic: string): readonly number[] {
  return Array.from({ length: broker.cluster.partitionCount(topic) }, (_, partition) => partition);
}
