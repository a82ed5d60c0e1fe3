/**
 * Where committed cuts of a task lie, as bytes. A backend may lag behind Kafka, which costs a longer restore, and is never ahead of it:
 * what is applied was committed.
 */
import type { Buffer } from 'node:buffer';
import { kind } from '../base/option-kinds.js';
import type { KeyRange } from './state-table.js';

/** How far a changelog is taken in. */
export interface ChangelogPosition {
  /** Of this very topic: one that was made anew under its name is another. */
  readonly topicId: string;
  /** Of the first record that is not in it. */
  readonly offset: number;
  /** Of the state's values in the rows that came of it. Default 1. */
  readonly version?: number | undefined;
}

/** By the changelog's topic; of the partition that is the task's. */
export type ChangelogPositions = ReadonlyMap<string, ChangelogPosition>;

/** What the last cut was that lies here whole. */
export interface Checkpoint {
  /** From 1 on; 0: no cut is whole yet, a restore is under way. */
  readonly commitNumber: number;
  readonly positions: ChangelogPositions;
  /** The numbers of the cut, by name: stream times, what is closed. */
  readonly numbers: ReadonlyMap<string, number>;
  /** When it was, by the wall clock; milliseconds since 1970. */
  readonly time: number;
}

/** What a restore has read so far. */
export type Restored = Pick<Checkpoint, 'positions' | 'time'>;

/** A row as bytes (see `row.ts`), or null: the key goes. */
export type Change = readonly [key: string, row: Buffer | null];

/** By table, each sorted by key and with one entry a key. */
export type Changes = ReadonlyMap<string, readonly Change[]>;

/**
 * The rows of a task by table and key. Keys are latin1 text, one character a byte, of any length, the empty one too; they sort as their
 * bytes do. A row is the timestamp (8 bytes, big-endian) and the value's bytes; a backend looks at neither.
 *
 * Reads answer at once. While an `apply` is under way they may see what was there before it, or parts of it; when it has resolved they
 * see all of it. One call of `apply`, `restore`, `wipe` and `close` follows another.
 */
export interface StateBackend {
  /** Undefined: nothing lies here. */
  readonly checkpoint: Checkpoint | undefined;
  /**
   * Defined: a process died while it applied, and rows may be as new as these positions. A restore must read to there at least before
   * anything else is read; that makes it whole, see {@link apply}.
   */
  readonly ahead: ChangelogPositions | undefined;
  /** The row; the buffer is the caller's own. */
  get(table: string, key: string): Buffer | undefined;
  /** The first rows of a range; the buffers are the caller's own. @param limit rows at most, from 1 on */
  page(table: string, range: KeyRange, limit: number): readonly (readonly [key: string, row: Buffer])[];
  /** Rows of a table, as of the last apply. */
  size(table: string): number;
  /** Bytes of all that lies here, for metrics. Undefined: it does not know. */
  readonly bytes?: number | undefined;
  /**
   * Puts and deletes rows of all tables, and says of which cut they are.
   *
   * Where a process dies in it, all of it may be there, nothing, or some rows with the former checkpoint and {@link ahead}. The last is
   * harmless: every change has been committed to the changelog behind the checkpoint's position, a deletion as a tombstone, and whoever
   * opens reads on from there to the end. For each key the last of its records wins, whichever of them the row was.
   *
   * @throws {KafkaRxError} by rejection `STORE`: the commit number is not above the checkpoint's, or nothing could be written
   */
  apply(changes: Changes, checkpoint: Checkpoint): Promise<void>;
  /**
   * Takes in what a restore has read, in its order: rows and positions, while commit number and numbers stay. The cut is whole once
   * {@link apply} has said so.
   *
   * @throws {KafkaRxError} by rejection `STORE`: nothing could be written
   */
  restore(changes: Changes, restored: Restored): Promise<void>;
  /** Everything goes, the checkpoint too. */
  wipe(): Promise<void>;
  /** Calls that are under way are awaited. Without effect the second time. */
  close(): Promise<void>;
}

/** A store opens as well, and is no backend: `lmdb` of a name beside `lmdbBackend` of a directory. */
export const backendKind = kind(
  'a backend such as lmdbBackend(directory) of kafka-rx/lmdb (with open; a store is none)',
  value =>
    typeof value === 'object' &&
    value !== null &&
    'open' in value &&
    typeof value.open === 'function' &&
    !('write' in value),
);

/** What a user gives: where the states of all tasks lie. */
export interface StateBackends {
  /** For `app.describe()`, such as `lmdb`. */
  readonly name?: string | undefined;
  /**
   * @param task the name of the task, unique among those of the group
   * @throws {KafkaRxError} by rejection `STORE`: it cannot be opened
   */
  open(task: string): Promise<StateBackend>;
  /**
   * Everything of all tasks goes: their group is reset. Undefined: nothing outlives the process.
   *
   * What a process has open may stay. @throws {KafkaRxError} by rejection `STORE`: it cannot be deleted
   */
  clear?(): Promise<void>;
}
