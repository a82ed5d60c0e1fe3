/** What the LMDB backend takes from outside: of the package lmdb so much as it uses, who this process is, and the time. */
import type { Buffer } from 'node:buffer';
import type { Owner } from './owner.js';

export const binary = { encoding: 'binary', keyEncoding: 'binary' } as const;

export interface StateRange {
  readonly start: Buffer;
  readonly end: Buffer;
  readonly reverse?: boolean;
  readonly inclusiveEnd?: boolean;
}

/** What is put and removed in it is so in a batch of the root's. */
export interface StateTree {
  /** The caller's own. */
  get(key: Buffer): Buffer | undefined;
  getRange(range: StateRange): Iterable<{ readonly key: Buffer; readonly value: Buffer }>;
  /** The key is copied at once, the value must stay as it is until the batch has resolved. */
  put(key: Buffer, value: Buffer): unknown;
  remove(key: Buffer): unknown;
  getStats(): object;
}

export interface StateRoot {
  /** The names of the trees. */
  getKeys(): Iterable<Buffer>;
  /** Makes it where it is missing. Never beside a batch that is under way: it would hold up the process until that ends. */
  openDB(name: string, options: typeof binary): StateTree;
  /** One transaction, written on another thread. What the action has done before it throws is written all the same. */
  batch(action: () => void): Promise<unknown>;
  /** Of the environment. */
  getStats?(): object;
  /** What is read from now on is read from a new picture. */
  resetReadTxn(): void;
  close(): Promise<void>;
}

/** Those of lmdb's `open`; all that is left out is as it has it. */
export interface StateOpenOptions {
  readonly path: string;
  readonly noSubdir: boolean;
  readonly encoding: 'binary';
  readonly keyEncoding: 'binary';
  readonly noSync: boolean;
  readonly overlappingSync: boolean;
  readonly noMemInit: boolean;
  readonly eventTurnBatching: boolean;
  readonly maxDbs: number;
}

export interface StateHost {
  /** This process. */
  readonly owner: Owner;
  /** When the process began, as {@link Owner} has it; undefined: there is none of that id. */
  startOf(pid: number): string | undefined;
  /** The wall clock, milliseconds since 1970. */
  now(): number;
  /** An id that nothing else has. */
  newId(): string;
  open(options: StateOpenOptions): StateRoot;
}
