import { Buffer } from 'node:buffer';
import { KafkaRxError } from '../errors/errors.js';
import type {
  ChangelogPositions,
  Changes,
  Checkpoint,
  Restored,
  StateBackend,
  StateBackends,
} from './backend.js';
import { checkCommitNumber } from './check-commit-number.js';
import { SortedMap } from './sorted-map.js';
import type { KeyRange } from './state-table.js';

/** States in memory alone: whatever a task begins with comes from its changelog. */
export const memoryBackends: StateBackends = {
  name: 'memory',
  open: async task => new MemoryBackend(task),
};

/**
 * Rows are kept as latin1 text, one byte a character: a fifth of what as many small buffers cost, and nobody else has them. They lie in
 * the heap of Node, whose limit (`--max-old-space-size`) is theirs too.
 */
class MemoryBackend implements StateBackend {
  readonly #task: string;
  readonly #tables = new Map<string, SortedMap<string>>();
  #checkpoint: Checkpoint | undefined;
  #isClosed = false;

  constructor(task: string) {
    this.#task = task;
  }

  get checkpoint(): Checkpoint | undefined {
    return this.#checkpoint;
  }

  /** It does not outlive the process that dies in an apply. */
  get ahead(): ChangelogPositions | undefined {
    return undefined;
  }

  get(table: string, key: string): Buffer | undefined {
    const row = this.#tables.get(table)?.get(key);
    return row === undefined ? undefined : Buffer.from(row, 'latin1');
  }

  page(table: string, range: KeyRange, limit: number): readonly (readonly [string, Buffer])[] {
    const rows = this.#tables.get(table);
    const found: (readonly [string, Buffer])[] = [];
    if (rows === undefined) return found;
    const cursor = rows.walk(range);
    for (; cursor.key !== undefined && found.length < limit; cursor.next()) {
      found.push([cursor.key, Buffer.from(rows.get(cursor.key) ?? '', 'latin1')]);
    }
    return found;
  }

  size(table: string): number {
    return this.#tables.get(table)?.size ?? 0;
  }

  async apply(changes: Changes, checkpoint: Checkpoint): Promise<void> {
    this.#requireOpen();
    checkCommitNumber(this.#task, this.#checkpoint, checkpoint);
    this.#put(changes);
    this.#checkpoint = checkpoint;
  }

  async restore(changes: Changes, { positions, time }: Restored): Promise<void> {
    this.#requireOpen();
    this.#put(changes);
    const { commitNumber = 0, numbers = new Map() } = this.#checkpoint ?? {};
    this.#checkpoint = { commitNumber, numbers, positions, time };
  }

  async wipe(): Promise<void> {
    this.#requireOpen();
    this.#clear();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#clear();
  }

  #put(changes: Changes): void {
    for (const [table, ofTable] of changes) {
      let rows = this.#tables.get(table);
      if (rows === undefined) {
        rows = new SortedMap(true);
        this.#tables.set(table, rows);
      }
      for (const [key, row] of ofTable) {
        if (row === null) rows.delete(key);
        else rows.set(key, row.toString('latin1'));
      }
    }
  }

  #clear(): void {
    this.#tables.clear();
    this.#checkpoint = undefined;
  }

  #requireOpen(): void {
    if (!this.#isClosed) return;
    throw new KafkaRxError('CLOSED', `The state of task ${this.#task} is closed`);
  }
}
