import type { Buffer } from 'node:buffer';
import { open as openFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isKafkaRxError, KafkaRxError } from '../../errors/errors.js';
import { fieldOf } from '../../errors/field-of.js';
import { lmdbFailed } from '../../stores/lmdb-failed.js';
import type { ChangelogPositions, Changes, Checkpoint, Restored, StateBackend } from '../backend.js';
import { checkCommitNumber, restoring } from '../checkpoints.js';
import type { KeyRange } from '../state-table.js';
import type { StateEnvironment } from './environment.js';
import type { StateFolders } from './folders.js';

export interface OpenedFolder {
  readonly path: string;
  readonly environment: StateEnvironment;
}

/**
 * The state of a task in an LMDB environment of its own. Writes run on another thread; a get costs 1 to 2 µs, the heap holds nothing of
 * the rows.
 */
export class LmdbStateBackend implements StateBackend {
  readonly #where: string;
  readonly #task: string;
  readonly #folders: StateFolders;
  readonly #open: () => Promise<OpenedFolder>;
  #opened: OpenedFolder;
  #turns: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | undefined;

  /** @param open opens an empty folder */
  constructor(task: string, folders: StateFolders, opened: OpenedFolder, open: () => Promise<OpenedFolder>) {
    this.#task = task;
    this.#where = `state of task ${task}`;
    this.#folders = folders;
    this.#opened = opened;
    this.#open = open;
  }

  get checkpoint(): Checkpoint | undefined {
    return this.#opened.environment.checkpoint;
  }

  get ahead(): ChangelogPositions | undefined {
    return this.#opened.environment.ahead;
  }

  get(table: string, key: string): Buffer | undefined {
    return this.#reading(environment => environment.get(table, key));
  }

  page(table: string, range: KeyRange, limit: number): readonly (readonly [string, Buffer])[] {
    return this.#reading(environment => environment.page(table, range, limit));
  }

  size(table: string): number {
    return this.#reading(environment => environment.size(table));
  }

  /** Of pages, those that are free again among them; undefined once it is closed. */
  get bytes(): number | undefined {
    return this.#closed === undefined ? this.#reading(environment => environment.bytes) : undefined;
  }

  apply(changes: Changes, checkpoint: Checkpoint): Promise<void> {
    return this.#inTurn(async environment => {
      checkCommitNumber(this.#task, environment.checkpoint, checkpoint);
      await environment.write(changes, checkpoint, checkpoint.positions);
    });
  }

  restore(changes: Changes, restored: Restored): Promise<void> {
    return this.#inTurn(environment =>
      environment.write(changes, restoring(environment.checkpoint, restored), undefined),
    );
  }

  wipe(): Promise<void> {
    return this.#inTurn(async environment => {
      const { path } = this.#opened;
      await environment.close();
      this.#opened = await this.#open();
      await this.#folders.remove(path);
    });
  }

  close(): Promise<void> {
    this.#closed ??= this.#inTurn(async environment => {
      const { path } = this.#opened;
      await environment.close();
      await flushed(path);
      this.#folders.release(path);
    });
    return this.#closed;
  }

  #reading<R>(read: (environment: StateEnvironment) => R): R {
    this.#requireOpen();
    try {
      return read(this.#opened.environment);
    } catch (error) {
      throw lmdbFailed('read', this.#where, error);
    }
  }

  async #inTurn(work: (environment: StateEnvironment) => Promise<void>): Promise<void> {
    this.#requireOpen();
    const turn = this.#turns.then(() => work(this.#opened.environment));
    this.#turns = turn.catch(() => {});
    try {
      await turn;
    } catch (error) {
      throw isKafkaRxError(error) ? error : lmdbFailed('write', this.#where, error);
    }
  }

  #requireOpen(): void {
    if (this.#closed === undefined) return;
    throw new KafkaRxError('CLOSED', `The ${this.#where} is closed`);
  }
}

/** So that it survives a crash of the machine: `noSync` has left that to the operating system. */
async function flushed(path: string): Promise<void> {
  const file = await openFile(join(path, 'data.mdb'), 'r+').catch((error: unknown) => {
    // Somebody has removed it, as a newcomer does who cannot know whether the owner of an old one lives.
    if (fieldOf(error, 'code') === 'ENOENT') return undefined;
    throw error;
  });
  try {
    await file?.sync();
  } finally {
    await file?.close();
  }
}
