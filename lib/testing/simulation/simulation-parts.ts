/** What a simulation is told, and what it tells. */
import type { MemoryBroker, StoredRecord } from '../../drivers/memory/index.js';
import type { LmdbHost } from '../../stores/lmdb-host.js';
import type { DocumentStore } from '../../stores/port.js';
import type { Choices, ChosenValues } from './choices.js';
import type { LmdbImage } from './lmdb-image.js';
import type { StoredOffset } from './offset-labels.js';
import type { FaultProfile } from './profile.js';
import type { ReadWatch } from './read-watch.js';
import type { SimulatedAppOptions, SimulatedProcess, SimulatedTopology } from './simulated-process.js';

/** A record of the workload. @category Testing @since 0.2.0 */
export interface SimulatedInput {
  readonly topic: string;
  readonly key?: string | Buffer | null | undefined;
  readonly value: string | Buffer | null;
  readonly partition?: number | undefined;
  /** Virtual milliseconds after the beginning at which it is written. Default 0. */
  readonly atMs?: number | undefined;
  /** Of the record, milliseconds since 1970. Default: when it is written. */
  readonly timestamp?: number | undefined;
}

/** A record in a partition. @category Testing @since 0.2.0 */
export type DecidedRecord = Pick<StoredRecord, 'partition' | 'offset' | 'value' | 'headers'>;

/** What an invariant may look at. @category Testing @since 0.2.0 */
export interface SimulationView {
  readonly broker: MemoryBroker;
  readonly groupId: string;
  readonly timeMs: number;
  readonly processes: readonly SimulatedProcess[];
  /** What a topic holds, as readers of committed records see it. */
  records(topic: string): readonly StoredRecord[];
  /** The same with what they will get once transactions that are open before it have ended: what is decided. */
  decided(topic: string): readonly DecidedRecord[];
  /** What was written of the workload so far, in order, with where it went. */
  readonly written: readonly WrittenInput[];
  /** A store that a process of this name, or all of them, wrote to. */
  disk(name: string): DocumentStore<unknown> | undefined;
  /** Of the folder of a `process.lmdb` store, likewise: what is durable of its tables, in bytes. */
  durable(name: string): LmdbImage | undefined;
  /** Notes that something rare has happened. */
  mark(name: string): void;
  /**
   * Whether the partition of a record came when the group had committed something: then it is to be read from its first record on,
   * whatever `startFrom` says.
   */
  isYoung(one: WrittenInput): boolean;
  /** An app has said that it begins below what was committed, to fill a store again: what it makes comes again, too. */
  readonly hasGoneBack: boolean;
  /** How often all that lay on disks was lost. */
  readonly disksLost: number;
}

/** A topic that is made while the system runs. */
export interface LaterTopic {
  readonly topic: string;
  readonly partitions: number;
  /** Virtual milliseconds from the beginning. */
  readonly atMs: number;
}

/** A record of the workload, written. @category Testing @since 0.2.0 */
export interface WrittenInput {
  readonly input: SimulatedInput;
  readonly topicId: string;
  readonly partition: number;
  readonly offset: number;
  /** Its topic or its offset has gone since, perhaps before it was read. */
  gone: boolean;
}

/** Something that must hold; returns or throws what is wrong. @category Testing @since 0.2.0 */
export interface Invariants {
  /** When the broker has stored offsets. */
  readonly committed?:
    | ((view: SimulationView, offsets: readonly StoredOffset[]) => string | undefined)
    | undefined;
  /** What is still to come by the clock when all inputs are read, for people: before that nothing is at rest. Default: nothing is. */
  readonly awaited?: ((view: SimulationView) => string | undefined) | undefined;
  /** At the end, when everything has come to rest. */
  readonly atRest?: ((view: SimulationView) => string | undefined | Promise<string | undefined>) | undefined;
}

export interface SimulationParts {
  readonly topology: SimulatedTopology;
  readonly options: SimulatedAppOptions;
  readonly inputs: readonly SimulatedInput[];
  readonly topics: Readonly<Record<string, number>>;
  /** Topics that come later; these may also be gone for a while. Default: none. */
  readonly laterTopics?: readonly LaterTopic[] | undefined;
  /** Topics that the topology makes, and reads: at rest they are read, too. Default: none. */
  readonly internalTopics?: readonly string[] | undefined;
  readonly processes: number;
  readonly profile: FaultProfile;
  readonly choices: Choices;
  readonly invariants: Invariants;
  /** Numbers of the calls' places at which the process that has reached it dies; none: as the profile has it. */
  readonly crashAt?: readonly number[] | undefined;
  /** Processes die between steps so many times at most. Default: no such bound. */
  readonly mostCrashes?: number | undefined;
  readonly maxSteps: number;
  /** What stores on disk get in place of the simulation's LMDB: for proofs, which put a fault in. */
  readonly lmdbHost?: ((host: LmdbHost) => LmdbHost) | undefined;
  /** Hears what processes hear of the partitions that they read. */
  readonly reads?: ReadWatch | undefined;
  /** Whether an app may fail with this at any time: the topology's own functions do so on purpose. */
  readonly isExpected?: ((error: unknown) => boolean) | undefined;
  /** Called first. */
  readonly begin?: (() => void) | undefined;
  /** Called when the faults are over. */
  readonly healed?: (() => void) | undefined;
}

/** @category Testing @since 0.2.0 */
export interface Violation {
  readonly invariant: string;
  readonly message: string;
  readonly step: number;
  readonly timeMs: number;
}

export interface SimulationOutcome {
  readonly violation: Violation | undefined;
  readonly steps: number;
  readonly timeMs: number;
  /** Of all steps; equal for two runs of the same choices. */
  readonly hash: string;
  /** How often what rarely happens has happened. */
  readonly marks: ReadonlyMap<string, number>;
  /** The same with step and time, in order; the last thousand. */
  readonly timeline: readonly string[];
  /** Places at which a process could have died in a call. */
  readonly places: number;
  readonly chosen: ChosenValues;
}
