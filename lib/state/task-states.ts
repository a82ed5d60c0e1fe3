import { Buffer } from 'node:buffer';
import type { Clock } from '../base/clock.js';
import { withSection } from '../base/commit-metadata.js';
import type { CommittedPartition, DriverConnection, OffsetCommit } from '../drivers/port.js';
import type { KafkaRxError } from '../errors/errors.js';
import type { ChangelogPositions, StateBackends } from './backend.js';
import { type Cut, encodeCut } from './cut.js';
import { cutKey } from './log/log-keys.js';
import { LogRecords } from './log/log-record.js';
import { type Lying, openBackends } from './lying.js';
import { numbersUnder } from './numbers-under.js';
import { Overlay, type SealedCut } from './overlay.js';
import type { ProcessorState } from './processors/processor.js';
import { restoreLog, type TaskRestoreProgress } from './restore.js';
import { timestampOf, valueIn } from './row.js';
import type { RowRules } from './row-rules.js';
import type { StateHandle } from './state.js';
import { cutMissing, idOf, notKept, otherRows, withoutReader } from './state-errors.js';
import { formatOf, layoutOf } from './state-formats.js';
import type { StateTable } from './state-table.js';
import type { StatesOfTask } from './states-of-task.js';
import type { ValueFormat } from './value-format.js';

export interface TaskStatesParts {
  /** Such as `orders/0`. */
  readonly task: string;
  readonly partition: number;
  readonly handles: readonly StateHandle<unknown, unknown>[];
  readonly clock: Clock;
  readonly connection: Pick<DriverConnection, 'reader' | 'topics'>;
  /** Where a state lies that says nothing of it. */
  readonly backends: StateBackends;
  changelogOf(state: string): string;
  /** What their rows keep to. */
  readonly rules: RowRules;
  progress(progress: TaskRestoreProgress): void;
  /** A commit is of no cut that there is, and the states are to go on all the same. */
  cutMissed(error: KafkaRxError): void;
}

/** Of a table that is emptied. */
const rowsAtOnce = 10_000;

/** What a record of a changelog is appended by; its refusal is the unit's end. */
export type LogOutput = (
  topic: string,
  partition: number,
  acknowledged: (nextOffset: number) => void,
) => (key: Buffer, value: Buffer | null, timestamp: number) => void;

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
  #lying: readonly Lying[] | undefined;
  /** What is opened, restored or closed last: one after the other, as the task comes and goes. */
  #last: Promise<unknown> = Promise.resolve();
  /** Of the last unit that was committed. */
  #cut: Cut | undefined;
  /** Of the last that was sealed. */
  #number = 0;
  #era = 0;
  /** Of this epoch: a commit was of no cut, and the states that begin empty then have. */
  #isAnew = false;

  constructor(parts: TaskStatesParts) {
    this.#parts = parts;
    const logs = new Map<string, LogRecords>();
    const formats = new Map<string, ValueFormat<unknown>>();
    for (const handle of parts.handles) {
      const layout = layoutOf(handle);
      const log = new LogRecords(layout);
      logs.set(handle.name, log);
      for (const [table, of] of Object.entries(layout))
        formats.set(
          `${handle.name}/${table}`,
          formatOf(handle, of, parts.rules, key => log.keyOf(table, key)),
        );
    }
    this.#logs = logs;
    this.#formats = formats;
  }

  get era(): number {
    return this.#era;
  }

  /** Rows that are changed since the last barrier. */
  get changes(): number {
    return (this.#lying ?? []).reduce((sum, { overlay }) => sum + overlay.dirty, 0);
  }

  positionOf(topic: string): number | undefined {
    return this.#cut?.positions[topic];
  }

  state(name: string): ProcessorState {
    const found = this.#lyingOf(name);
    if (found === undefined) throw notKept(name, this.#parts.task);
    const { overlay } = found;
    return {
      table: <T>(table: string) => this.#table<T>(found, `${name}/${table}`),
      numbers: numbersUnder(name, overlay.numbers),
    };
  }

  /** What this member may answer of a state: undefined where it is not restored. */
  tablesOf(name: string): ((table: string) => StateTable<unknown>) | undefined {
    const found = this.#lyingOf(name);
    return found && (table => this.#table(found, `${name}/${table}`));
  }

  #lyingOf(state: string): Lying | undefined {
    return this.#lying?.find(({ handles }) => handles.some(({ name }) => name === state));
  }

  #table<T>({ overlay }: Lying, name: string): StateTable<T> {
    const format = this.#formats.get(name);
    if (format === undefined) throw notKept(name, 'its operator');
    return overlay.table(name, format as ValueFormat<T>);
  }

  /**
   * What was committed is there again. Nobody else writes any more: the unit of the task is open.
   *
   * @param wanted whether the epoch that it is for goes on
   */
  restore(wanted: () => boolean): Promise<void> {
    return this.#next(() => this.#restore(wanted));
  }

  #next(step: () => Promise<void>): Promise<void> {
    const done = this.#last.then(step);
    this.#last = done.catch(() => {});
    return done;
  }

  async #restore(wanted: () => boolean): Promise<void> {
    const { handles, connection, clock, partition, task, progress, changelogOf } = this.#parts;
    this.abort();
    const { reader } = connection;
    if (reader === undefined) throw withoutReader();
    this.#lying ??= await openBackends(this.#parts);
    const topics = await connection.topics(handles.map(({ name }) => changelogOf(name)));
    const cuts: Cut[] = [];
    for (const { backend, overlay, handles: here } of this.#lying) {
      await overlay.applyNow();
      overlay.close();
      for (const { name } of here) {
        const topic = changelogOf(name);
        const records = this.#logs.get(name);
        if (records === undefined) continue;
        const cut = await restoreLog(
          { state: name, topic, topicId: idOf(topics, topic), partition, records },
          backend,
          {
            reader: options => reader(options),
            now: () => clock.now(),
            elapsed: () => clock.elapsed(),
            wanted,
            progress: one => progress({ ...one, task }),
          },
        );
        if (cut !== undefined) cuts.push(cut);
      }
    }
    await this.#requireSameRows(cuts);
    const last = cuts.reduce<Cut | undefined>(
      (most, cut) => (most === undefined || cut.number > most.number ? cut : most),
      this.#cut,
    );
    await this.#takeOver(last);
    this.#era++;
  }

  /** What was read as rows of something else is made anew by whoever comes next. */
  async #requireSameRows(cuts: readonly Cut[]): Promise<void> {
    for (const { rowsOf = {} } of cuts) {
      const other = this.#parts.handles.find(({ name, rowsOf: now }) => (rowsOf[name] ?? now) !== now);
      if (other === undefined) continue;
      for (const { backend } of this.#lying ?? []) await backend.wipe();
      throw otherRows(other.name, rowsOf[other.name] ?? '', other.rowsOf);
    }
  }

  async #takeOver(cut: Cut | undefined): Promise<void> {
    this.#cut = cut;
    this.#number = cut?.number ?? 0;
    for (const lying of this.#lying ?? []) {
      const { backend } = lying;
      if (cut !== undefined && (backend.checkpoint?.commitNumber ?? 0) < cut.number) {
        await backend.apply(new Map(), {
          commitNumber: cut.number,
          positions: backend.checkpoint?.positions ?? new Map(),
          numbers: new Map(Object.entries(cut.numbers)),
          time: this.#parts.clock.now(),
        });
      }
      lying.overlay = new Overlay(backend, { clock: this.#parts.clock });
    }
  }

  /** All of a unit has settled: what that has changed is appended to the changelogs, with the cut. */
  seal(
    output: LogOutput,
    offsets: readonly OffsetCommit[],
  ): { readonly offsets: readonly OffsetCommit[]; committed(): void } {
    const { partition, changelogOf, clock } = this.#parts;
    const sealed: Sealed[] = (this.#lying ?? []).map(lying => ({ lying, layer: lying.overlay.seal() }));
    const cut: Cut = {
      number: ++this.#number,
      positions: {
        ...this.#cut?.positions,
        ...Object.fromEntries(offsets.map(({ topic, offset }) => [topic, offset])),
      },
      numbers: Object.fromEntries(sealed.flatMap(({ layer }) => [...layer.numbers])),
      rowsOf: Object.fromEntries(this.#parts.handles.map(({ name, rowsOf }) => [name, rowsOf])),
    };
    const ends = new Map<string, number>();
    for (const { lying, layer } of sealed) {
      for (const { name } of lying.handles) {
        const topic = changelogOf(name);
        const append = output(topic, partition, next => ends.set(topic, next));
        this.#appendChanges(name, layer, append);
        append(Buffer.from(cutKey, 'latin1'), encodeCut(cut), clock.now());
      }
    }
    return {
      offsets: offsets.map(at => ({
        ...at,
        metadata: withSection(at.metadata ?? '', 'cut', String(cut.number)),
      })),
      committed: () => {
        this.#cut = cut;
        for (const { lying, layer } of sealed) layer.committed(cut.number, this.#positionsAfter(lying, ends));
      },
    };
  }

  #appendChanges(
    state: string,
    { changes }: SealedCut,
    append: (key: Buffer, value: Buffer | null, timestamp: number) => void,
  ): void {
    const records = this.#logs.get(state);
    for (const [table, rows] of changes) {
      if (!table.startsWith(`${state}/`)) continue;
      for (const [key, row] of rows) {
        const logged = records?.keyOf(table.slice(state.length + 1), key);
        if (logged === undefined) continue;
        if (row === null) append(logged, null, this.#parts.clock.now());
        else append(logged, valueIn(row), timestampOf(row));
      }
    }
  }

  #positionsAfter({ backend, handles }: Lying, ends: ReadonlyMap<string, number>): ChangelogPositions {
    const positions = new Map(backend.checkpoint?.positions);
    for (const { name } of handles) {
      const topic = this.#parts.changelogOf(name);
      const [before, offset] = [positions.get(topic), ends.get(topic)];
      // The cut is the last of them, and is read again.
      if (before !== undefined && offset !== undefined)
        positions.set(topic, { ...before, offset: offset - 1 });
    }
    return positions;
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
    // Another may go on from there: the changelogs say how far it came.
    this.#cut = undefined;
    for (const { backend, overlay } of lying) {
      overlay.abort();
      await overlay.applyNow();
      await backend.close();
    }
  }

  /**
   * Where an input begins: as committed, where that is part of the cut.
   *
   * @param told the number of the cut that the commit says it is part of
   * @throws `CUT_MISSING`, where a state of the task says nothing else of that
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
    const error = cutMissing(this.#parts.task, at, told, cut);
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

  /** The states that are to, once an epoch: the inputs of a task ask one by one. */
  #beginAnew(): void {
    if (this.#isAnew) return;
    this.#isAnew = true;
    for (const handle of this.#parts.handles) if (handle.onMissingCut === 'empty') this.#empty(handle);
    this.#era++;
  }

  /** In the cut that is being made, so that the changelog has tombstones for what was there. */
  #empty(handle: StateHandle<unknown, unknown>): void {
    const { name } = handle;
    const found = this.#lyingOf(name);
    if (found === undefined) return;
    for (const of of Object.keys(layoutOf(handle))) {
      const table = this.#table(found, `${name}/${of}`);
      for (let rows = table.page({}, rowsAtOnce); rows.length > 0; rows = table.page({}, rowsAtOnce)) {
        for (const [key] of rows) table.delete(key);
      }
    }
    found.overlay.forgetNumbers(`${name}/`);
  }
}
