import type { Clock } from '../base/clock.js';
import type { DriverAdmin, DriverConnection, TopicDescription } from '../drivers/port.js';
import type { Cut } from './cut.js';
import type { LogRecords } from './log/log-record.js';
import type { Lying } from './lying.js';
import type { ReadLog } from './read-cuts.js';
import { type RestoreProgress, restoreLog } from './restore.js';
import type { RestoreBudget } from './restore-budget.js';
import type { RowVersions } from './row-versions.js';
import { idOf, otherRows } from './state-errors.js';
import { layoutOf } from './state-formats.js';

export interface RestoredTask {
  readonly partition: number;
  readonly clock: Clock;
  readonly budget: RestoreBudget;
  readonly reader: NonNullable<DriverConnection['reader']>;
  readonly admin: Pick<DriverAdmin, 'offsets'>;
  /** The changelogs that there are. */
  readonly topics: readonly TopicDescription[];
  changelogOf(state: string): string;
  recordsOf(state: string): LogRecords | undefined;
  versionsOf(state: string): RowVersions | undefined;
  /** The epoch that it is for goes on. */
  wanted(): boolean;
  progress(progress: RestoreProgress): void;
}

/** Brings states to where their changelogs end, one after the other. @param states these alone */
export async function restoreAll(
  lying: readonly Lying[],
  task: RestoredTask,
  states?: ReadonlySet<string>,
): Promise<readonly ReadLog[]> {
  const read: ReadLog[] = [];
  for (const { backend, handles } of lying) {
    const those = handles.filter(({ name }) => states?.has(name) ?? true);
    read.push(...(await restoreLying({ backend, handles: those }, task)));
  }
  return read;
}

/** Brings the states of one backend to where their changelogs end. */
async function restoreLying(
  { backend, handles }: Pick<Lying, 'backend' | 'handles'>,
  task: RestoredTask,
): Promise<readonly ReadLog[]> {
  const { partition, clock, topics, changelogOf } = task;
  await wipeLeft({ backend, handles }, task);
  await wipeOtherVersions({ backend, handles }, task);
  const read: ReadLog[] = [];
  for (const { name } of handles) {
    const topic = changelogOf(name);
    const [records, versions] = [task.recordsOf(name), task.versionsOf(name)];
    if (records === undefined || versions === undefined) continue;
    const log = await restoreLog(
      { state: name, topic, topicId: idOf(topics, topic), partition, records, versions },
      backend,
      {
        reader: options => task.reader(options),
        admin: task.admin,
        budget: task.budget,
        now: () => clock.now(),
        elapsed: () => clock.elapsed(),
        wanted: () => task.wanted(),
        progress: one => task.progress(one),
      },
    );
    read.push({ state: name, topic, ...log });
  }
  return read;
}

/** Rows of a state that lay elsewhere meanwhile are of nobody knows when: all is read again. */
async function wipeLeft(
  { backend, handles }: Pick<Lying, 'backend' | 'handles'>,
  { changelogOf }: RestoredTask,
): Promise<void> {
  const isLeft = handles.some(
    handle =>
      backend.checkpoint?.positions.get(changelogOf(handle.name)) === undefined &&
      Object.keys(layoutOf(handle)).some(table => backend.size(`${handle.name}/${table}`) > 0),
  );
  if (isLeft) await backend.wipe();
}

/** Rows say nothing of their version: what lies here of another one is read again, from the changelog, which does. */
async function wipeOtherVersions(
  { backend, handles }: Pick<Lying, 'backend' | 'handles'>,
  { changelogOf, versionsOf }: RestoredTask,
): Promise<void> {
  let isOther = false;
  for (const { name } of handles) {
    const [position, versions] = [backend.checkpoint?.positions.get(changelogOf(name)), versionsOf(name)];
    if (position === undefined || versions === undefined) continue;
    const { version: there = 1 } = position;
    if (there === versions.version) continue;
    // Of a later one the changelog need not have anything: it may never have been committed.
    if (there < versions.version) versions.require(there);
    isOther = true;
  }
  if (isOther) await backend.wipe();
}

/** What is there is what the states are of. What was read as rows of something else is made anew by whoever comes next. @throws `CONFIGURATION` */
export async function requireSame(
  cuts: readonly Cut[],
  lying: readonly Lying[],
  versionsOf: (state: string) => RowVersions | undefined,
): Promise<void> {
  const handles = lying.flatMap(({ handles }) => handles);
  for (const { rowsOf = {}, versions = {} } of cuts) {
    const other = handles.find(({ name, rowsOf: now }) => (rowsOf[name] ?? now) !== now);
    if (other !== undefined) {
      for (const { backend } of lying) await backend.wipe();
      throw otherRows(other.name, rowsOf[other.name] ?? '', other.rowsOf);
    }
    for (const { name } of handles) if (name in rowsOf) versionsOf(name)?.require(versions[name] ?? 1);
  }
}
