import type { Clock, Timer } from '../../base/clock.js';
import { timeIn } from '../../base/commit-metadata.js';
import type { CommittedText, DriverAdmin, StartFrom } from '../../drivers/port.js';
import type { Task } from '../../flow/source/partition-lane.js';
import { bundleAndPartition, topicsOf } from '../../flow/source/task-names.js';
import type { TimeBound } from '../../time/stream-time.js';
import { HeldTime, type WritersSeen } from './held-time.js';

/** Milliseconds between two looks at how far the writers are. */
const everyMs = 1_000;

export interface WriterTimesParts {
  readonly groupId: string;
  readonly startFrom: StartFrom;
  readonly clock: Clock;
  admin(): Pick<DriverAdmin, 'commits' | 'offsets'> | undefined;
  /** Told and not thrown: it is looked again. */
  failed(error: unknown): void;
}

/** A task that reads internal topics into a state. */
interface Reader {
  readonly held: readonly HeldTime[];
  /** Hears that stream time may rise. */
  rises: () => void;
}

/**
 * Holds the stream time of who reads an internal topic at that of those who write it and have more to read, so that one's backlog of a year does
 * not make another's day late. Each tells its stream time with its commits; a look asks the group for them, then how far the inputs go, then how
 * far the internal topic does. What was told counts once the reader is there: all that was written by then is behind it.
 *
 * Whoever has read all of its inputs holds nobody, as where records come as they happen.
 */
export class WriterTimes {
  readonly #parts: WriterTimesParts;
  /** By internal topic: what tasks that write it are called, without their number. */
  #writers: ReadonlyMap<string, readonly string[]> = new Map();
  #bundles: ReadonlySet<string> = new Set();
  /** By the names of their tasks. */
  readonly #readers = new Map<string, Reader>();
  #timer: Timer | undefined;
  #ended = false;

  constructor(parts: WriterTimesParts) {
    this.#parts = parts;
  }

  /** @param writers by internal topic: what tasks that write it are called, without their number */
  wired(writers: ReadonlyMap<string, readonly string[]>): void {
    this.#writers = writers;
    this.#bundles = new Set([...writers.values()].flat());
  }

  /** What holds stream time in a task; undefined: nothing ever does. */
  boundOf(task: string): TimeBound | undefined {
    const held = this.#reader(task)?.held;
    return held && (() => Math.min(...held.map(one => one.bound)));
  }

  #reader(task: string): Reader | undefined {
    const known = this.#readers.get(task);
    if (known !== undefined) return known;
    const [bundle, partition] = bundleAndPartition(task);
    const internal = topicsOf(bundle).filter(topic => this.#writers.has(topic));
    if (internal.length === 0) return undefined;
    const reader = { held: internal.map(topic => new HeldTime({ topic, partition })), rises: () => {} };
    this.#readers.set(task, reader);
    return reader;
  }

  /** How far a task is that writes internal topics; undefined: it does not, or nothing is known. */
  timeOf(task: Task): number | undefined {
    const { name, inputs } = task;
    if (!this.#bundles.has(bundleAndPartition(name)[0])) return undefined;
    const newest = inputs.reduce((most, lane) => Math.max(most, lane.newest), -1);
    const time = Math.min(newest, this.boundOf(name)?.() ?? newest);
    return time < 0 ? undefined : time;
  }

  /** Before a task is handed its first record: how far its writers are is known when it resolves. */
  async open(task: string): Promise<void> {
    const reader = this.#reader(task);
    if (reader === undefined) return;
    for (const held of reader.held) held.begins();
    await this.#look([reader]);
  }

  /** The epoch of a task begins. @param rises hears that its stream time may rise */
  begins(task: Task, rises: () => void): void {
    const reader = this.#readers.get(task.name);
    if (reader === undefined) return;
    reader.rises = rises;
    for (const held of reader.held) held.reads(task.inputs.find(({ topic }) => topic === held.topic));
    this.#schedule();
  }

  /** The others went elsewhere. */
  keepOnly(tasks: ReadonlySet<string>): void {
    for (const [task, reader] of this.#readers) {
      if (tasks.has(task)) continue;
      reader.rises = () => {};
      for (const held of reader.held) held.begins();
    }
  }

  end(): void {
    this.#ended = true;
    this.#timer?.cancel();
  }

  #schedule(): void {
    if (this.#ended || this.#timer !== undefined) return;
    this.#timer = this.#parts.clock.schedule(() => void this.#due(), everyMs);
  }

  async #due(): Promise<void> {
    const readers = [...this.#readers.values()].filter(({ held }) => held.some(one => one.isRead));
    try {
      await this.#look(readers);
    } catch (error) {
      this.#parts.failed(error);
    }
    this.#timer = undefined;
    if (readers.length > 0) this.#schedule();
  }

  async #look(readers: readonly Reader[]): Promise<void> {
    const topics = new Set(readers.flatMap(({ held }) => held.map(({ topic }) => topic)));
    const told = new Map(
      await Promise.all([...topics].map(async topic => [topic, await this.#toldOf(topic)] as const)),
    );
    if (this.#ended) return;
    for (const { held, rises } of readers) {
      for (const one of held) {
        const now = told.get(one.topic);
        if (now !== undefined) one.told(now);
      }
      rises();
    }
  }

  /** How far those are now that write a topic, and what they had written; undefined: it is not internal. */
  async seen(topic: string): Promise<WritersSeen | undefined> {
    return this.#writers.has(topic) ? this.#toldOf(topic) : undefined;
  }

  async #toldOf(topic: string): Promise<WritersSeen | undefined> {
    const admin = this.#parts.admin();
    if (admin === undefined) return undefined;
    const { groupId, startFrom } = this.#parts;
    const bundles = (this.#writers.get(topic) ?? []).map(topicsOf);
    // First: what those have written by then is more to read for these.
    const above = await ofEach(
      bundles.flat().filter(input => this.#writers.has(input)),
      input => this.#toldOf(input),
    );
    const committed = await ofEach(bundles.flat(), input => admin.commits(groupId, input));
    // Later: what has come since is more to read.
    const ends = await ofEach(bundles.flat(), input =>
      admin.offsets(input, 'latest', { readCommitted: true }),
    );
    const unread = bundles.flat().filter(input => committed.get(input)?.some(({ offset }) => offset < 0));
    const begins = await ofEach(unread, input => admin.offsets(input, startFrom, { readCommitted: true }));
    const done = await admin.commits(groupId, topic);
    return {
      ...boundsBy(bundles, { committed, ends, begins }, [...above.values()]),
      done: done.map(({ offset }) => offset),
      // Last: all that was committed above is below. Readers of committed records may not see it yet: a transaction ends in each partition by itself.
      ends: await admin.offsets(topic, 'latest'),
    };
  }
}

/** By topic, and by partition there. */
interface Inputs {
  readonly committed: ReadonlyMap<string, readonly CommittedText[]>;
  readonly ends: ReadonlyMap<string, readonly number[]>;
  /** Where partitions begin of which nothing was committed. */
  readonly begins: ReadonlyMap<string, readonly number[]>;
}

/** @param above what was told of the internal topics among the inputs */
function boundsBy(
  bundles: readonly (readonly string[])[],
  { committed, ends, begins }: Inputs,
  above: readonly (WritersSeen | undefined)[],
): Pick<WritersSeen, 'bound' | 'clockBound'> {
  let bound = Number.POSITIVE_INFINITY;
  let tasks = 0;
  for (const topics of bundles) {
    const partitions = Math.max(...topics.map(topic => committed.get(topic)?.length ?? 0));
    for (let partition = 0; partition < partitions; partition++) {
      tasks++;
      const commits = topics.map(topic => committed.get(topic)?.[partition]);
      const hasMore = topics.some((topic, i) => {
        const offset = commits[i]?.offset ?? -1;
        const at = offset < 0 ? (begins.get(topic)?.[partition] ?? 0) : offset;
        return at < (ends.get(topic)?.[partition] ?? 0);
      });
      if (!hasMore) continue;
      const times = commits.map(commit => timeIn(commit?.metadata ?? '') ?? Number.NEGATIVE_INFINITY);
      bound = Math.min(bound, Math.max(...times));
    }
  }
  return {
    // Alone it is held by nobody: what it writes comes in its order.
    bound: leastOf([tasks > 1 ? bound : undefined, ...above.map(told => told?.bound)]),
    clockBound: leastOf([bound, ...above.map(told => told?.clockBound)]),
  };
}

function leastOf(bounds: readonly (number | undefined)[]): number {
  return Math.min(...bounds.map(bound => bound ?? Number.POSITIVE_INFINITY));
}

async function ofEach<T>(
  topics: readonly string[],
  ask: (topic: string) => Promise<T>,
): Promise<ReadonlyMap<string, T>> {
  const names = [...new Set(topics)];
  return new Map(await Promise.all(names.map(async topic => [topic, await ask(topic)] as const)));
}
