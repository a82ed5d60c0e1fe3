import type { Clock } from '../../base/clock.js';
import { sectionIn } from '../../base/commit-metadata.js';
import type {
  CommittedPartition,
  DriverConnection,
  OffsetCommit,
  StartFrom,
  TopicPartition,
} from '../../drivers/port.js';
import { KafkaRxError } from '../../errors/errors.js';
import type { CommitResult } from '../../flow/commit/commit-cycle.js';
import { createGuard, type Guard } from '../../flow/sinks/guard.js';
import type { Task } from '../../flow/source/partition-lane.js';
import { bundleAndPartition, type TaskNames } from '../../flow/source/task-names.js';
import type { SealedStates, UnitStates } from '../../flow/tasks/task-unit-host.js';
import type { UnitProducer } from '../../flow/tasks/unit-producer.js';
import { noHeaders } from '../../record/headers.js';
import type { StateBackends } from '../../state/backend.js';
import { memoryBackends } from '../../state/memory-backend.js';
import type { TaskRestoreProgress } from '../../state/restore.js';
import { StateHandle, type StateHost, type StateOptions } from '../../state/state.js';
import type { TaskReading } from '../../state/state-readings.js';
import { TaskStates } from '../../state/task-states.js';
import type { Wait } from '../lifecycle/waits.js';
import type { KeptByTopology } from '../topology/description.js';
import type { TopologyGraph } from '../topology/graph.js';
import type { TopologyNode } from '../topology/node.js';
import { inputsOf, inputsOfState } from './inputs-of.js';
import { InputsRead } from './inputs-read.js';
import { keptByTopology } from './kept-by-topology.js';
import { missingTopics } from './missing-topics.js';
import { changelogOf, internalTopicOf } from './names-of-topics.js';
import { Purge } from './purge.js';
import { withoutUnits } from './refusals.js';
import { Restores } from './restores.js';
import { WriterTimes } from './writer-times.js';

export interface AppStatesParts {
  readonly groupId: string;
  readonly graph: TopologyGraph;
  readonly tasks: TaskNames;
  readonly clock: Clock;
  /** The app's guarantee is exactly once. */
  readonly isOnce: boolean;
  /** Bytes of the largest row, with its key. */
  readonly maxRecordBytes: number;
  readonly startFrom: StartFrom;
  /** Declares a topic that the app writes. */
  declare(topic: string): void;
  progress(progress: TaskRestoreProgress): void;
  /** A unit is sealed, with so many rows of the state in its changelog. */
  logged(state: string, rows: number): void;
  cutMissed(error: KafkaRxError): void;
  /** Who hears of changes of a state threw, or a codec could not read what it has written: nothing follows from that. */
  unheard(state: string, thrown: unknown): void;
  /** What was committed could not be put where it lies: whoever has it next restores more. */
  closeFailed(error: unknown): void;
  /** What was read of internal topics could not be deleted there, and is with the next. */
  purgeFailed(error: unknown): void;
  /** How far the writers of internal topics are could not be asked, and is asked again. */
  lookFailed(error: unknown): void;
}

/** The states of an app: who writes which, what belongs together, and what each task keeps of it. */
export class AppStates {
  readonly #parts: AppStatesParts;
  readonly #handles = new Map<string, StateHandle<unknown, unknown>>();
  /** By what tasks are called, without their number. */
  readonly #byBundle = new Map<string, StateHandle<unknown, unknown>[]>();
  readonly #internal: InternalSink[] = [];
  /** Partitions that these are made with, where that is said, or else the topics whose records go by them. */
  readonly #inputsOfInternal = new Map<string, number | readonly string[]>();
  /** By their names: they outlive epochs, and what is open of them is only of those that this member has. */
  readonly #tasks = new Map<string, TaskStates>();
  readonly #backends: StateBackends = memoryBackends;
  readonly #purge: Purge;
  readonly #times: WriterTimes;
  readonly #inputs: InputsRead;
  /** By task: its epoch begins for its operators, whose first view of it another takes the place of where states change before the first record. */
  readonly #begun = new Map<string, () => void>();
  readonly #restores = new Restores();
  /** From {@link wired} on. */
  #guard: () => Guard = () => unguarded;
  #connection: Pick<DriverConnection, 'reader' | 'topics' | 'admin'> | undefined;

  constructor(parts: AppStatesParts) {
    this.#parts = parts;
    this.#purge = new Purge({
      clock: parts.clock,
      isInternal: topic => this.#inputsOfInternal.has(topic),
      admin: () => this.#connection?.admin,
      failed: error => parts.purgeFailed(error),
    });
    this.#times = new WriterTimes({
      ...{ groupId: parts.groupId, startFrom: parts.startFrom, clock: parts.clock },
      admin: () => this.#connection?.admin,
      failed: error => parts.lookFailed(error),
    });
    this.#inputs = new InputsRead({
      ...{ clock: parts.clock, times: this.#times },
      admin: () => this.#connection?.admin,
      failed: error => parts.lookFailed(error),
    });
  }

  /** What the readers of internal topics have committed is theirs alone, and is deleted there. */
  committed(result: CommitResult): void {
    if (this.#inputsOfInternal.size > 0) this.#purge.committed(result);
  }

  /** Something commits by units of work, whatever the app's guarantee. */
  get any(): boolean {
    return this.#handles.size > 0 || this.#internal.length > 0;
  }

  describe(): KeptByTopology {
    return keptByTopology({
      ...this.#parts,
      handles: [...this.#handles.values()],
      internalTopics: this.#internal.map(({ topic }) => topic),
      changelogOf: state => this.changelogOf(state),
    });
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
    return this.#restores.waits;
  }

  /** Some operator waits for the ends of its inputs. */
  get hearsEnds(): boolean {
    return [...this.#handles.values()].some(({ writer }) => writer?.hearsEnds === true);
  }

  /** @throws `CONFIGURATION`: there is one of that name already */
  add<K, V>(name: string, options: StateOptions<K, V>): StateHandle<K, V> {
    if (this.#handles.has(name)) {
      throw new KafkaRxError('CONFIGURATION', `There are two states of the name '${name}'`, {
        remedy: "Give each a name of its own: it is its changelog's",
      });
    }
    const handle = new StateHandle<K, V>(name, options, this.#host);
    this.#handles.set(name, handle as unknown as StateHandle<unknown, unknown>);
    this.#parts.declare(this.changelogOf(name));
    return handle;
  }

  changelogOf(state: string): string {
    return changelogOf(this.#parts.groupId, state);
  }

  internalTopicOf(name: string): string {
    return internalTopicOf(this.#parts.groupId, name);
  }

  /** @throws `CONFIGURATION`: there is one of that name already */
  addInternal(internal: InternalSink): void {
    if (this.#internal.some(({ topic }) => topic === internal.topic)) {
      throw new KafkaRxError(
        'CONFIGURATION',
        `There are two internal topics of the name '${internal.name}'`,
        {
          remedy: 'Give each a name of its own',
        },
      );
    }
    this.#internal.push(internal);
  }

  /**
   * The topology is wired: it is known which sources come to which state.
   *
   * @param guard looks at all that they write, as of now
   * @throws `TOPOLOGY` for a state that nobody writes, or whose sources are not known by name
   */
  wired(guard: () => Guard): void {
    this.#guard = guard;
    const { graph, tasks } = this.#parts;
    const inputs = [...this.#handles.values()].map(handle => ({
      handle,
      topics: inputsOfState(handle, graph),
    }));
    const writing = this.#internal.map(({ name, topic, sink, partitions }) => {
      const topics = inputsOf(`the internal topic '${name}'`, sink, graph);
      this.#inputsOfInternal.set(topic, partitions ?? topics);
      return { topic, topics };
    });
    tasks.haveStates(
      inputs.map(({ topics }) => topics),
      writing.flatMap(({ topics }) => topics),
    );
    this.#times.wired(
      new Map(
        writing.map(({ topic, topics }) => [topic, [...new Set(topics.map(one => tasks.bundleOf(one)))]]),
      ),
    );
    for (const { handle, topics } of inputs) {
      const bundle = tasks.bundleOf(topics[0] ?? '');
      this.#byBundle.set(bundle, [...(this.#byBundle.get(bundle) ?? []), handle]);
    }
  }

  /**
   * Makes the changelogs that there are not yet, with as many partitions as the inputs have.
   *
   * @throws `CONFIGURATION` where one has another number of them
   */
  async open(connection: DriverConnection): Promise<void> {
    if (!this.any) return;
    this.#connection = connection;
    if (connection.reader === undefined || connection.unitOfWork === undefined) throw withoutUnits();
    const missing = await missingTopics(connection, {
      byBundle: this.#byBundle,
      inputsOfInternal: this.#inputsOfInternal,
      changelogOf: state => this.changelogOf(state),
    });
    await connection.admin.createTopics(missing);
  }

  /** What a task keeps, as its units see it; undefined: nothing. */
  of(task: string): UnitStates | undefined {
    const [bundle, partition] = bundleAndPartition(task);
    const handles = this.#byBundle.get(bundle);
    const connection = this.#connection;
    if (handles === undefined || connection === undefined) return undefined;
    const states =
      this.#tasks.get(task) ??
      new TaskStates({
        task,
        partition,
        handles,
        clock: this.#parts.clock,
        connection,
        backends: this.#backends,
        changelogOf: state => this.changelogOf(state),
        timeBound: this.#times.boundOf(task),
        inputsSeen: () => this.#inputs.of(task),
        rules: { guard: () => this.#guard(), maxRecordBytes: this.#parts.maxRecordBytes },
        progress: progress => {
          this.#restores.told(progress);
          this.#parts.progress(progress);
        },
        logged: (state, rows) => this.#parts.logged(state, rows),
        cutMissed: error => this.#parts.cutMissed(error),
      });
    this.#tasks.set(task, states);
    const [times, restores, asked, begun] = [this.#times, this.#restores, this.#inputs, this.#begun];
    return {
      tables: states,
      get changes() {
        return states.changes;
      },
      async restore(of) {
        await restores.during(task, () => states.restore(() => !of.ended));
        await times.open(task);
      },
      begins(of) {
        const lane = of.inputs[0];
        if (lane === undefined) return;
        const begins = (): void => {
          if (!lane.ended) for (const handle of handles) handle.begins(lane);
        };
        asked.begins(of);
        begun.set(task, begins);
        times.begins(of, begins);
        begins();
      },
      seal: (unit, offsets) => sealed(states, unit, offsets),
      abort: () => states.abort(),
    };
  }

  /** @see TaskUnitHost.time */
  timeOf(task: Task): number | undefined {
    return this.#times.timeOf(task);
  }

  /**
   * Holds the group's offsets against the cuts that the changelogs told of.
   *
   * @see ConsumerOptions.resumeAt
   * @throws `CUT_MISSING`
   */
  async resumeAt(partitions: readonly CommittedPartition[]): Promise<readonly (number | undefined)[]> {
    const begins: (number | undefined)[] = [];
    for (const at of partitions) {
      const task = this.#parts.tasks.of(at);
      const states = this.hasStates(at.topic) ? this.#tasks.get(task) : undefined;
      const told = sectionIn(at.metadata, 'cut');
      // Another member has committed since this one restored: it has the task, and this one hears of that next, or at its first commit.
      const { era } = states ?? {};
      if (states?.isBehind(told) === true)
        await this.#restores.during(task, () => states.restore(() => true));
      begins.push(states?.resumeAt(at, told));
      if (states?.era !== era) this.#begun.get(task)?.();
    }
    return begins;
  }

  hasStates(topic: string): boolean {
    return this.#parts.tasks.hasStates(topic);
  }

  /** A new assignment: what is kept of tasks that are elsewhere now is put where it lies, and closed. Of the others it stays open. */
  keepOnly(partitions: readonly TopicPartition[]): void {
    const kept = new Set(partitions.map(partition => this.#parts.tasks.of(partition)));
    this.#times.keepOnly(kept);
    for (const [task, states] of this.#tasks)
      if (!kept.has(task)) void states.close().catch(error => this.#parts.closeFailed(error));
  }

  /** The app ends: what it gave away before is closed then, too. */
  async close(): Promise<void> {
    this.#times.end();
    await this.#purge.end();
    await Promise.all([...this.#tasks.values()].map(states => states.close()));
  }

  async crash(): Promise<void> {
    await Promise.all([...this.#tasks.values()].map(states => states.crash()));
  }

  /** The app has ended, whether it was opened or not. */
  ended(): void {
    for (const handle of this.#handles.values()) handle.end();
  }

  get #host(): StateHost {
    const { graph, isOnce, unheard } = this.#parts;
    return {
      app: graph,
      reads: isOnce ? 'committed' : 'latest',
      changelogOf: state => this.changelogOf(state),
      ask: (state, read) => [...this.#tasks.values()].flatMap(states => states.tablesOf(state, read) ?? []),
      unheard,
    };
  }
}

const unguarded = createGuard([], false);

/** A topic of the app's own, as it is wired. */
export interface InternalSink {
  readonly name: string;
  readonly topic: string;
  readonly sink: TopologyNode;
  readonly partitions: number | undefined;
}

function sealed(states: TaskStates, unit: UnitProducer, offsets: readonly OffsetCommit[]): SealedStates {
  return states.seal((topic, partition, headers, acknowledged) => {
    const output = unit.own({ topic, partition }, acknowledged);
    return (key, value, timestamp, more = noHeaders) =>
      output.append(key, value, more.length === 0 ? headers : [...headers, ...more], timestamp);
  }, offsets);
}
