import type { DriverConnection, NewTopic, StartFrom } from '../../drivers/port.js';
import { KafkaRxError } from '../../errors/errors.js';
import type { CommitResult } from '../../flow/commit/commit-cycle.js';
import { createGuard, type Guard } from '../../flow/sinks/guard.js';
import type { Task } from '../../flow/source/partition-lane.js';
import { StateHandle, type StateHost, type StateOptions } from '../../state/state.js';
import type { KeptByTopology } from '../topology/description.js';
import type { TopologyGraph } from '../topology/graph.js';
import type { TopologyNode } from '../topology/node.js';
import type { ReplayTarget } from '../topology/ways.js';
import { inputsOf, inputsOfState } from './inputs-of.js';
import { InputsRead } from './inputs-read.js';
import { keptByTopology } from './kept-by-topology.js';
import { KeptTasks, type KeptTasksOptions } from './kept-tasks.js';
import { missingTopics } from './missing-topics.js';
import { changelogOf, internalTopicOf } from './names-of-topics.js';
import { Purge } from './purge.js';
import { withoutUnits } from './refusals.js';
import { targetBesideStates } from './replays.js';
import { WriterTimes } from './writer-times.js';

export interface AppStatesParts extends KeptTasksOptions {
  readonly groupId: string;
  readonly graph: TopologyGraph;
  /** The app's guarantee is exactly once. */
  readonly isOnce: boolean;
  readonly startFrom: StartFrom;
  /** Declares a topic that the app writes. */
  declare(topic: string): void;
  /** Who hears of changes of a state threw, or a codec could not read what it has written: nothing follows from that. */
  unheard(state: string, thrown: unknown): void;
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
  readonly #purge: Purge;
  readonly #times: WriterTimes;
  /** What each task of this member keeps. */
  readonly kept: KeptTasks;
  /** From {@link wired} on. */
  #guard: () => Guard = () => unguarded;
  #connection: Pick<DriverConnection, 'reader' | 'topics' | 'admin'> | undefined;
  /** One for all tasks that are restored at once. */
  #look: Promise<readonly NewTopic[]> | undefined;

  constructor(parts: AppStatesParts) {
    this.#parts = parts;
    this.#purge = new Purge({
      clock: parts.clock,
      isInternal: topic => this.#inputsOfInternal.has(topic),
      admin: () => this.#connection?.admin,
      failed: error => parts.purgeFailed(error),
    });
    const looking = {
      clock: parts.clock,
      admin: () => this.#connection?.admin,
      failed: (error: unknown) => parts.lookFailed(error),
    };
    this.#times = new WriterTimes({ ...looking, groupId: parts.groupId, startFrom: parts.startFrom });
    this.kept = new KeptTasks({
      options: parts,
      times: this.#times,
      inputs: new InputsRead({ ...looking, times: this.#times }),
      connection: () => this.#connection,
      handlesOf: bundle => this.#byBundle.get(bundle),
      changelogOf: state => this.changelogOf(state),
      guard: () => this.#guard(),
      requirePartitions: () => this.#requirePartitions(),
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
    await connection.admin.createTopics(await this.#missingTopics(connection));
  }

  /** @throws `CONFIGURATION` where a changelog has another number of partitions than the inputs have by now: they may have gained some */
  async #requirePartitions(): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#look ??= this.#missingTopics(connection).finally(() => {
      this.#look = undefined;
    });
    await this.#look;
  }

  #missingTopics(connection: Pick<DriverConnection, 'topics'>): Promise<readonly NewTopic[]> {
    return missingTopics(connection, {
      byBundle: this.#byBundle,
      inputsOfInternal: this.#inputsOfInternal,
      changelogOf: state => this.changelogOf(state),
    });
  }

  /** @see TopologyGraph.replayTarget */
  replayTarget(name: string, way: string | undefined): ReplayTarget {
    const { graph } = this.#parts;
    return targetBesideStates(graph.replayTarget(name, way), this.#handles.values(), graph);
  }

  /** @see TaskUnitHost.time */
  timeOf(task: Task): number | undefined {
    return this.#times.timeOf(task);
  }

  hasStates(topic: string): boolean {
    return this.#parts.tasks.hasStates(topic);
  }

  /** The app ends: what it gave away before is closed then, too. */
  async close(): Promise<void> {
    this.#times.end();
    await this.#purge.end();
    await this.kept.close();
  }

  crash(): Promise<void> {
    return this.kept.crash();
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
      ask: this.kept.ask,
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
