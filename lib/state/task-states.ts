import { Buffer } from 'node:buffer';
import { withSection } from '../base/commit-metadata.js';
import { wallMs } from '../base/wall-ms.js';
import type { CommittedPartition, DriverConnection, OffsetCommit } from '../drivers/port.js';
import type { KafkaRxError } from '../errors/errors.js';
import type { Headers } from '../record/headers.js';
import type { TimeBound } from '../time/stream-time.js';
import { applied, applyAndClose, pressureOf, type Unapplied, unappliedOf } from './apply-lying.js';
import type { StateBackends } from './backend.js';
import { type Cut, encodeCut } from './cut.js';
import { Decided, type DecidedParts } from './decided.js';
import { emptyState } from './empty-state.js';
import { appendChanges, type LogAppend } from './log/append-changes.js';
import { cutKey } from './log/log-keys.js';
import { LogRecords } from './log/log-record.js';
import { abandon, type Lying, openBackends, overlayOptions, positionsAfter } from './lying.js';
import { nextCut } from './next-cut.js';
import { numbersUnder } from './numbers-under.js';
import { Overlay, type SealedCut, type ShownTable } from './overlay.js';
import type { ProcessorState } from './processors/processor.js';
import { readCuts } from './read-cuts.js';
import type { TaskRestoreProgress } from './restore.js';
import type { RestoreBudget } from './restore-budget.js';
import { type RestoredTask, requireSame, restoreAll } from './restore-lying.js';
import type { RowRules } from './row-rules.js';
import { RowVersions, versionHeaders } from './row-versions.js';
import type { StateHandle } from './state.js';
import { rowChanges } from './state-change.js';
import { cutMissing, notKept, withoutReader } from './state-errors.js';
import { formatsOf, layoutOf } from './state-formats.js';
import type { StateRead, StateTables } from './state-queries.js';
import { readingOf, type TaskReading } from './state-readings.js';
import type { StateTable } from './state-table.js';
import type { InputsSeen, StatesOfTask } from './states-of-task.js';
import type { ValueFormat } from './value-format.js';

export interface TaskStatesParts extends DecidedParts {
  readonly connection: Pick<DriverConnection, 'reader' | 'topics' | 'admin'>;
  /** Where a state lies that says nothing of it. */
  readonly backends: StateBackends;
  changelogOf(state: string): string;
  /** Of all restores of the app. */
  readonly budget: RestoreBudget;
  /** What holds stream time; undefined: nothing does. */
  readonly timeBound: TimeBound | undefined;
  /** @see StatesOfTask.inputsSeen */
  inputsSeen(): Promise<InputsSeen | undefined>;
  /** What their rows keep to. */
  readonly rules: RowRules;
  progress(progress: TaskRestoreProgress): void;
  /** What is committed could not be put where it lies: it is tried again. */
  applyFailed(error: KafkaRxError): void;
  /** A unit is sealed, with so many rows of the state in its changelog. */
  logged(state: string, rows: number): void;
}

/** What one unit changes at most, in rows and bytes: it is written at its barrier in one go, for which the process stands still. */
const [mostChanges, mostBytes] = [5_000, 16 * 1024 * 1024];

/** What a record of a changelog is appended by; its refusal is the unit's end. */
export type LogOutput = (
  topic: string,
  partition: number,
  headers: Headers,
  acknowledged: (nextOffset: number) => void,
) => LogAppend;

/** What one unit has changed. */
interface Sealed {
  readonly lying: Lying;
  readonly layer: SealedCut;
}

/**
 * What a task keeps, over its epochs: it is opened and restored behind the fence of its unit of work, changed by records, and at each barrier
 * written to the changelogs in the unit that holds the positions of the inputs, with the cut. What is committed is applied to the backends later.
 */
export class TaskStates implements StatesOfTask {
  readonly #parts: TaskStatesParts;
  readonly #logs: ReadonlyMap<string, LogRecords>;
  /** By state and table: a table is always asked for with the same. */
  readonly #formats: ReadonlyMap<string, ValueFormat<unknown>>;
  readonly #versions: ReadonlyMap<string, RowVersions>;
  #lying: readonly Lying[] | undefined;
  /** What is open was restored once. */
  #isWhole = false;
  /** What is opened, restored or closed last: one after the other, as the task comes and goes. */
  #last: Promise<unknown> = Promise.resolve();
  /** Of the last unit that was committed. */
  #cut: Cut | undefined;
  /** Of the last that was sealed. */
  #number = 0;
  #era = 0;
  readonly #decided: Decided;
  /** By input: the cut, older than what is kept, that a commit said it was part of when it was looked up last. */
  readonly #outdated = new Map<string, string>();
  /** Of this epoch: a commit was of no cut, and the states that begin empty then have. */
  #isAnew = false;

  constructor(parts: TaskStatesParts) {
    this.#parts = parts;
    this.#decided = new Decided(parts);
    const logs = new Map<string, LogRecords>();
    const formats = new Map<string, ValueFormat<unknown>>();
    const versions = new Map<string, RowVersions>();
    for (const handle of parts.handles) {
      const log = new LogRecords(layoutOf(handle));
      logs.set(handle.name, log);
      versions.set(handle.name, new RowVersions(handle, table => formats.get(`${handle.name}/${table}`)));
      for (const [table, format] of formatsOf(handle, parts, log))
        formats.set(`${handle.name}/${table}`, format);
    }
    this.#logs = logs;
    this.#formats = formats;
    this.#versions = versions;
  }

  get era(): number {
    return this.#era;
  }

  /** Rows that are changed since the last barrier. */
  get changes(): number {
    return (this.#lying ?? []).reduce((sum, { overlay }) => sum + overlay.dirty, 0);
  }

  /** So much is changed since the last barrier that the next one is due. */
  get isFull(): boolean {
    const bytes = (this.#lying ?? []).reduce((sum, { overlay }) => sum + overlay.dirtyBytes, 0);
    return this.changes >= mostChanges || bytes >= mostBytes;
  }

  /** What is to be waited for at a barrier, if anything: more is committed than memory is there for, or could not be put where it lies. @throws `STORE` */
  pressure(): Promise<void> | undefined {
    return pressureOf(this.#parts.task, this.#lying ?? []);
  }

  /** Undefined: nothing waits for that. */
  get unapplied(): Unapplied | undefined {
    return unappliedOf(this.#parts.task, this.#lying ?? []);
  }

  /** Undefined: nothing of it is open. */
  get reading(): TaskReading | undefined {
    return this.#lying && readingOf(this.#parts.task, this.#parts.partition, this.#lying);
  }

  positionOf(topic: string): number | undefined {
    return this.#cut?.positions[topic];
  }

  inputsSeen(): Promise<InputsSeen | undefined> {
    return this.#parts.inputsSeen();
  }

  state(name: string): ProcessorState {
    const found = this.#lyingOf(name);
    if (found === undefined) throw notKept(name, this.#parts.task);
    const { overlay } = found;
    return {
      timeBound: this.#parts.timeBound,
      table: <T>(table: string) => this.#table<T>(found, `${name}/${table}`),
      numbers: numbersUnder(name, overlay.numbers),
    };
  }

  /** What this member may answer of a state: undefined where it is not restored. */
  tablesOf(name: string, read: StateRead): StateTables | undefined {
    const found = this.#isWhole ? this.#lyingOf(name) : undefined;
    if (found === undefined) return undefined;
    const tableOf: StateTables = table => this.#table(found, `${name}/${table}`);
    return read === 'latest' ? tableOf : table => this.#table(found, `${name}/${table}`).committed;
  }

  #lyingOf(state: string): Lying | undefined {
    return this.#lying?.find(({ handles }) => handles.some(({ name }) => name === state));
  }

  #table<T>({ overlay }: Lying, name: string): StateTable<T> & ShownTable<T> {
    const format = this.#formats.get(name);
    if (format === undefined) throw notKept(name, 'its operator');
    return overlay.table(name, format as ValueFormat<T>);
  }

  /**
   * What was committed is there again. Nobody else writes any more: the unit of the task is open.
   *
   * @param wanted whether the epoch that it is for goes on
   * @param told the number of the cut that a commit says it is part of
   * @throws `CUT_TORN` where the changelogs of the states are of different cuts, and one of a state that is behind says nothing else of that. It is
   *   `retriable` as long as a transaction is open in front of what is missing, for the time that it may be, as is `CUT_MISSING`
   */
  restore(wanted: () => boolean, told?: string): Promise<void> {
    return this.#next(() => this.#restore(wanted, Number(told ?? 0)));
  }

  #next(step: () => Promise<void>): Promise<void> {
    const done = this.#last.then(step);
    this.#last = done.catch(() => {});
    return done;
  }

  async #restore(wanted: () => boolean, told: number): Promise<void> {
    const { handles, connection, clock, partition, task, progress, changelogOf, budget } = this.#parts;
    this.abort();
    const { reader, admin } = connection;
    if (reader === undefined) throw withoutReader();
    this.#lying ??= await openBackends(this.#parts);
    const topics = await connection.topics(handles.map(({ name }) => changelogOf(name)));
    const lying = this.#lying;
    for (const one of lying) {
      await applied(task, one);
      one.overlay.close();
    }
    const restored: RestoredTask = {
      ...{ partition, clock, reader, admin, topics, changelogOf, wanted, budget },
      recordsOf: state => this.#logs.get(state),
      versionsOf: state => this.#versions.get(state),
      progress: one => progress({ ...one, task }),
    };
    const known = this.#cut;
    const found = await readCuts({
      ...{ partition, admin, known, told },
      read: states => restoreAll(lying, restored, states),
    });
    try {
      await requireSame(found.cuts, lying, state => this.#versions.get(state));
      this.#decided.require(found, told);
    } catch (error) {
      // Of what is there nothing is answered.
      this.#isWhole = false;
      throw error;
    }
    await this.#takeOver(found.last);
    for (const { state } of found.torn) this.#beginAnew(state);
    this.#isWhole = true;
    this.#era++;
  }

  async #takeOver(cut: Cut | undefined): Promise<void> {
    this.#cut = cut;
    this.#number = cut?.number ?? 0;
    const numbers = cut && new Map(Object.entries(cut.numbers));
    for (const lying of this.#lying ?? []) {
      const { backend } = lying;
      if (cut !== undefined && (backend.checkpoint?.commitNumber ?? 0) < cut.number) {
        await backend.apply(new Map(), {
          commitNumber: cut.number,
          positions: backend.checkpoint?.positions ?? new Map(),
          numbers: new Map(numbers),
          time: wallMs(this.#parts.clock),
        });
      }
      // The backend may have those of states that lay elsewhere since, as they were then.
      lying.overlay = new Overlay(backend, { ...overlayOptions(this.#parts), numbers });
    }
  }

  /** All of a unit has settled: what that has changed is appended to the changelogs, with the cut. */
  seal(
    output: LogOutput,
    offsets: readonly OffsetCommit[],
  ): { readonly offsets: readonly OffsetCommit[]; committed(): void } {
    const { partition, changelogOf, clock } = this.#parts;
    const now = wallMs(clock);
    const sealed: Sealed[] = (this.#lying ?? []).map(lying => ({ lying, layer: lying.overlay.seal() }));
    const cut = nextCut({
      ...{ number: ++this.#number, before: this.#cut, offsets, handles: this.#parts.handles },
      places: sealed.map(({ lying, layer }) => ({
        states: lying.handles.map(({ name }) => name),
        numbers: layer.numbers,
      })),
    });
    const ends = new Map<string, number>();
    for (const { lying, layer } of sealed) {
      for (const { name, version } of lying.handles) {
        const topic = changelogOf(name);
        const append = output(topic, partition, versionHeaders(version), next => ends.set(topic, next));
        this.#parts.logged(name, appendChanges(name, layer.changes, this.#logs.get(name), now, append));
        append(Buffer.from(cutKey, 'latin1'), encodeCut(cut), now);
      }
    }
    return {
      offsets: offsets.map(at => ({
        ...at,
        metadata: withSection(at.metadata ?? '', 'cut', String(cut.number)),
      })),
      committed: () => {
        this.#cut = cut;
        for (const { lying, layer } of sealed)
          layer.committed(cut.number, positionsAfter(lying, ends, changelogOf));
        this.#tell(sealed);
      },
    };
  }

  /** Who asks is answered of the same already. */
  #tell(sealed: readonly Sealed[]): void {
    const now = wallMs(this.#parts.clock);
    for (const { lying, layer } of sealed) {
      for (const handle of lying.handles) {
        const { name, writer, isHeard } = handle;
        if (writer === undefined || !isHeard) continue;
        handle.tell(rowChanges(name, layer.changes, writer.queries, table => this.#formats.get(table), now));
      }
    }
  }

  /** What was not committed is dropped. */
  abort(): void {
    this.#number = this.#cut?.number ?? 0;
    for (const { overlay } of this.#lying ?? []) overlay.abort();
    this.#isAnew = false;
    this.#era++;
  }

  /** What was committed is put where it lies, and that is closed, until it is restored again. */
  close(): Promise<void> {
    return this.#next(() => this.#close());
  }

  async #close(): Promise<void> {
    const lying = this.#lying ?? [];
    this.#lying = undefined;
    this.#isWhole = false;
    // Another may go on from there: the changelogs say how far it came.
    this.#cut = undefined;
    this.#decided.forget();
    this.#outdated.clear();
    await applyAndClose(this.#parts.task, lying);
  }

  /** As of a process that was killed: what lies there stays as it is. */
  crash(): Promise<void> {
    return abandon(this.#lying ?? []);
  }

  /**
   * Where an input begins: as committed, where that is part of the cut.
   *
   * @param told the number of the cut that the commit says it is part of
   * @throws `CUT_MISSING`, where a state of the task says nothing else of that; `retriable` where the commit is to be looked up once more
   */
  resumeAt(at: CommittedPartition, told: string | undefined): number | undefined {
    const { topic, offset } = at;
    const cut = this.#cut;
    const position = cut?.positions[topic];
    // Expired with its group, say: the changelog knows where it was.
    if (offset === undefined) return position;
    if (cut === undefined && told === undefined) return undefined;
    // Of an earlier cut is an input that has not moved since.
    if (cut !== undefined && Number(told) <= cut.number && position === offset) return undefined;
    const isOlder = cut !== undefined && Number(told) < cut.number;
    // Somebody has committed since it was looked up: whoever looks again finds the next one.
    const isOutdated = isOlder && this.#outdated.get(topic) !== told;
    if (isOlder && told !== undefined) this.#outdated.set(topic, told);
    const error = cutMissing(this.#parts.task, at, told, cut, isOutdated);
    if (isOutdated) throw error;
    const { handles, cutMissed } = this.#parts;
    if (handles.some(({ onMissingCut }) => onMissingCut === 'fail')) throw error;
    cutMissed(error);
    this.#beginAnew();
    return undefined;
  }

  /** Whether the commit is of a later cut than what is kept. @param told its number */
  isBehind(told: string | undefined): boolean {
    return told !== undefined && Number(told) > (this.#cut?.number ?? 0);
  }

  /** The states that are to, once an epoch: the inputs of a task ask one by one. @param state this one alone */
  #beginAnew(state?: string): void {
    if (this.#isAnew) return;
    this.#isAnew = state === undefined;
    for (const handle of this.#parts.handles)
      if (handle.onMissingCut === 'empty' && (state ?? handle.name) === handle.name) this.#empty(handle);
    this.#era++;
  }

  #empty(handle: StateHandle<unknown, unknown>): void {
    const found = this.#lyingOf(handle.name);
    if (found === undefined) return;
    emptyState(handle, found.overlay, table => this.#table(found, `${handle.name}/${table}`));
  }
}
