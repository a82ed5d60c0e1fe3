/**
 * What an LMDB store takes from outside: of the package lmdb so much as it uses, and of the machine its folders, ids and time. A
 * simulation puts its own in their place; everything else of the store is the same code.
 */
import type { Buffer } from 'node:buffer';
import type { Timer } from '../base/clock.js';
import type { InTurn } from './folder-turns.js';

/** Bytes in, bytes out: the order of keys is `lmdb-layout`'s alone, whatever lmdb-js makes of JavaScript values. */
export const binary = { encoding: 'binary', keyEncoding: 'binary' } as const;

/** A consistent picture of the database, held until `done`. */
export interface LmdbPicture {
  done(): void;
}

/** From `start`, inclusive unless `exclusiveStart`, to `end`, exclusive, in the order of bytes. */
export interface LmdbRange {
  readonly start?: Buffer;
  readonly end?: Buffer;
  readonly exclusiveStart?: boolean;
  readonly limit?: number;
  readonly transaction?: LmdbPicture;
}

/** What is written to it is written in a transaction of the root's; what it gives is the caller's own. */
export interface LmdbTable {
  get(key: Buffer, options?: { readonly transaction?: LmdbPicture }): Buffer | undefined;
  getKeys(range?: LmdbRange): Iterable<Buffer>;
  getRange(range?: LmdbRange): Iterable<{ readonly key: Buffer; readonly value: Buffer }>;
  put(key: Buffer, value: Buffer): unknown;
  /** @returns whether it wrote: true, unless the key was there */
  putSync(key: Buffer, value: Buffer, options: { readonly noOverwrite: boolean }): unknown;
  remove(key: Buffer): unknown;
}

export interface LmdbRoot {
  /** The names of the tables. */
  getKeys(): Iterable<Buffer>;
  /** Makes the table where it is missing; undefined where it may not. */
  openDB(name: string, options: typeof binary): LmdbTable | undefined;
  /** Durable when it returns. */
  transactionSync<T>(action: () => T): T;
  /** A throw of the action aborts it. Resolves when it is committed: durable, without `overlappingSync`. */
  childTransaction<T>(action: () => T): Promise<T>;
  /** What is read from now on without a picture is read from a new one. */
  resetReadTxn(): void;
  useReadTransaction(): LmdbPicture;
  readerCheck(): unknown;
  close(): Promise<void>;
}

/** Those of lmdb's `open`; all that is left out is as it has it. */
export interface LmdbOpenOptions {
  readonly path: string;
  readonly noSubdir: boolean;
  readonly readOnly: boolean;
  readonly encoding: 'binary';
  readonly keyEncoding: 'binary';
  readonly overlappingSync: boolean;
  readonly eventTurnBatching: boolean;
  readonly maxDbs: number;
  readonly maxReaders: number;
}

export interface LmdbHost {
  readonly hostname: string;
  /** Absolute. @param directory as the user gave it */
  folderOf(name: string, directory: string | undefined): string;
  /** Makes sure that the folder can be opened. @throws what speaks against it; `STORE` where there is nothing to read */
  prepareFolder(directory: string, readOnly: boolean, where: string): void;
  /** For opening and writing: nothing of the folder is under way meanwhile. @param directory that {@link prepareFolder} has made */
  turnsOf(directory: string): InTurn;
  open(options: LmdbOpenOptions): LmdbRoot;
  /** An id that nothing else has. */
  newId(): string;
  /** Keeps no process alive. */
  later(task: () => void, delayMs: number): Timer;
  /** Resolves when others have had their turn. */
  nextTurn(): Promise<void>;
}
