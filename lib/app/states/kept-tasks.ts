import type { Clock } from '../../base/clock.js';
import { sectionIn } from '../../base/commit-metadata.js';
import type {
  CommittedPartition,
  DriverConnection,
  OffsetCommit,
  TopicPartition,
} from '../../drivers/port.js';
import type { KafkaRxError } from '../../errors/errors.js';
import type { Guard } from '../../flow/sinks/guard.js';
import type { Task } from '../../flow/source/partition-lane.js';
import { bundleAndPartition, type TaskNames } from '../../flow/source/task-names.js';
import type { SealedStates, UnitStates } from '../../flow/tasks/task-unit-host.js';
import type { UnitProducer } from '../../flow/tasks/unit-producer.js';
import { noHeaders } from '../../record/headers.js';
import { memoryBackends } from '../../state/memory-backend.js';
import type { TaskRestoreProgress } from '../../state/restore.js';
import { RestoreBudget } from '../../state/restore-budget.js';
import type { StateHandle, StateHost } from '../../state/state.js';
import type { TaskReading } from '../../state/state-readings.js';
import { TaskStates } from '../../state/task-states.js';
import type { Wait } from '../lifecycle/waits.js';
import type { InputsRead } from './inputs-read.js';
import { Restores } from './restores.js';
import { waitOf } from './unapplied-wait.js';
import type { WriterTimes } from './writer-times.js';

/** What tasks tell of what they keep, and keep to. */
export interface KeptTasksOptions {
  readonly tasks: TaskNames;
  readonly clock: Clock;
  /** Bytes of the largest row, with its key. */
  readonly maxRecordBytes: number;
  /** See {@link DecidedParts.decidedWithinMs}. */
  readonly decidedWithinMs: number;
  progress(progress: TaskRestoreProgress): void;
  /** A unit is sealed, with so many rows of the state in its changelog. */
  logged(state: string, rows: number): void;
  cutMissed(error: KafkaRxError): void;
  /** See {@link TaskStatesParts.applyFailed}. */
  applyFailed(error: KafkaRxError): void;
  /** What was committed could not be put where it lies: whoever has it next restores more. */
  closeFailed(error: unknown): void;
}

export interface KeptTasksParts {
  readonly options: KeptTasksOptions;
  readonly times: WriterTimes;
  readonly inputs: InputsRead;
  connection(): Pick<DriverConnection, 'reader' | 'topics' | 'admin'> | undefined;
  /** By what tasks are called, without their number; undefined: these keep nothing. */
  handlesOf(bundle: string): readonly StateHandle<unknown, unknown>[] | undefined;
  changelogOf(state: string): string;
  guard(): Guard;
  /** Before a task is restored. */
  requirePartitions(): Promise<void>;
}

/** A task in its epoch. */
interface Begun {
  readonly task: Task;
  /** Its operators hear that it begins. */
  tell(): void;
}

/** What each task of this member keeps, from its restore on; and how far restores are. */
export class KeptTasks {
  readonly #parts: KeptTasksParts;
  /** By their names: they outlive epochs, and what is open of them is only of those that this member has. */
  readonly #tasks = new Map<string, TaskStates>();
  /** By their names, as their epochs begin. */
  readonly #begun = new Map<string, Begun>();
  readonly #restores = new Restores();
  readonly #budget = new RestoreBudget();

  constructor(parts: KeptTasksParts) {
    this.#parts = parts;
  }

  /** What each task keeps that this member has and has restored. */
  get readings(): readonly TaskReading[] {
    const restored = [...this.#tasks].filter(([task]) => !this.#restores.has(task));
    return restored.flatMap(([, { reading }]) => reading ?? []);
  }

  /** How far the restores are that are under way. */
  get restoring(): readonly TaskRestoreProgress[] {
    return this.#restores.all;
  }

  get waits(): readonly Wait[] {
    const unapplied = [...this.#tasks.values()].flatMap(states => states.unapplied ?? []);
    return [...this.#restores.waits, ...unapplied.map(waitOf)];
  }

  /** @see StateHost.ask */
  readonly ask: StateHost['ask'] = (state, read) =>
    [...this.#tasks.values()].flatMap(states => states.tablesOf(state, read) ?? []);

  /** What a task keeps, as its units see it; undefined: nothing. */
  of(task: string): UnitStates | undefined {
    const { times, connection, handlesOf, requirePartitions } = this.#parts;
    const [bundle, partition] = bundleAndPartition(task);
    const handles = handlesOf(bundle);
    const connected = connection();
    if (handles === undefined || connected === undefined) return undefined;
    const states = this.#tasks.get(task) ?? this.#statesOf(task, partition, handles, connected);
    this.#tasks.set(task, states);
    const [restores, begun] = [this.#restores, this.#begun];
    return {
      tables: states,
      get isFull() {
        return states.isFull;
      },
      pressure: () => states.pressure(),
      async restore(of) {
        await requirePartitions();
        await restores.during(task, async () => {
          await states.restore(() => !of.ended);
          await times.open(task);
        });
      },
      begins(of) {
        const tell = tellerOf(of, handles);
        begun.set(task, { task: of, tell });
        times.begins(of, tell);
        tell();
      },
      seal: (unit, offsets) => sealed(states, unit, offsets),
      abort: () => states.abort(),
    };
  }

  #statesOf(
    task: string,
    partition: number,
    handles: readonly StateHandle<unknown, unknown>[],
    connection: Pick<DriverConnection, 'reader' | 'topics' | 'admin'>,
  ): TaskStates {
    const { options, times, inputs, changelogOf, guard } = this.#parts;
    const { clock, decidedWithinMs, maxRecordBytes } = options;
    return new TaskStates({
      ...{ task, partition, handles, clock, connection, decidedWithinMs, changelogOf },
      backends: memoryBackends,
      budget: this.#budget,
      timeBound: times.boundOf(task),
      inputsSeen: async () => {
        const begun = this.#begun.get(task);
        return begun && inputs.of(begun.task);
      },
      rules: { guard, maxRecordBytes },
      progress: progress => {
        this.#restores.told(progress);
        options.progress(progress);
      },
      logged: (state, rows) => options.logged(state, rows),
      cutMissed: error => options.cutMissed(error),
      applyFailed: error => options.applyFailed(error),
    });
  }

  /**
   * Holds the group's offsets against the cuts that the changelogs told of.
   *
   * @see ConsumerOptions.resumeAt
   * @throws `CUT_MISSING`, `CUT_TORN`; they are `retriable` where it is to be asked again
   */
  async resumeAt(partitions: readonly CommittedPartition[]): Promise<readonly (number | undefined)[]> {
    const { tasks } = this.#parts.options;
    const begins: (number | undefined)[] = [];
    for (const at of partitions) {
      const task = tasks.of(at);
      const states = tasks.hasStates(at.topic) ? this.#tasks.get(task) : undefined;
      const told = sectionIn(at.metadata, 'cut');
      // Another member has committed since this one restored: it has the task, and this one hears of that next, or at its first commit.
      const { era } = states ?? {};
      if (states?.isBehind(told) === true)
        await this.#restores.during(task, () => states.restore(() => true, told));
      begins.push(states?.resumeAt(at, told));
      // Its operators have begun on what there was before.
      if (states?.era !== era) this.#begun.get(task)?.tell();
    }
    return begins;
  }

  /** A new assignment: what is kept of tasks that are elsewhere now is put where it lies, and closed. Of the others it stays open. */
  keepOnly(partitions: readonly TopicPartition[]): void {
    const { options, times } = this.#parts;
    const kept = new Set(partitions.map(partition => options.tasks.of(partition)));
    times.keepOnly(kept);
    for (const [task, states] of this.#tasks)
      if (!kept.has(task)) void states.close().catch(error => options.closeFailed(error));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#tasks.values()].map(states => states.close()));
  }

  async crash(): Promise<void> {
    await Promise.all([...this.#tasks.values()].map(states => states.crash()));
  }
}

/** Whose states these are hears that the task begins; again when its stream time may go on, or when they are anew. */
function tellerOf(task: Task, handles: readonly StateHandle<unknown, unknown>[]): () => void {
  const lane = task.inputs[0];
  return () => {
    if (lane !== undefined && !lane.ended) for (const handle of handles) handle.begins(lane);
  };
}

function sealed(states: TaskStates, unit: UnitProducer, offsets: readonly OffsetCommit[]): SealedStates {
  return states.seal((topic, partition, headers, acknowledged) => {
    const output = unit.own({ topic, partition }, acknowledged);
    return (key, value, timestamp, more = noHeaders) =>
      output.append(key, value, more.length === 0 ? headers : [...headers, ...more], timestamp);
  }, offsets);
}
