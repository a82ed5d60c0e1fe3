import type { Buffer } from 'node:buffer';
import { KafkaRxError } from '../errors/errors.js';
import type {
  ChangelogPositions,
  Changes,
  Checkpoint,
  Restored,
  StateBackend,
  StateBackends,
} from './backend.js';
import { checkCommitNumber } from './checkpoints.js';
import { MemoryRows } from './memory-rows.js';
import type { KeyRange } from './state-table.js';

/** States in memory alone: whatever a task begins with comes from its changelog. */
export const memoryBackends: StateBackends = {
  name: 'memory',
  open: async task => new MemoryBackend(task),
};

/** Its rows lie in the heap of Node, whose limit (`--max-old-space-size`) is theirs too. */
class MemoryBackend implements StateBackend {
  readonly #task: string;
  readonly #rows = new MemoryRows();
  #isClosed = false;

  constructor(task: string) {
    this.#task = task;
  }

  get checkpoint(): Checkpoint | undefined {
    return this.#rows.checkpoint;
  }

  /** It does not outlive the process that dies in an apply. */
  get ahead(): ChangelogPositions | undefined {
    return undefined;
  }

  get(table: string, key: string): Buffer | undefined {
    return this.#rows.get(table, key);
  }

  page(table: string, range: KeyRange, limit: number): readonly (readonly [string, Buffer])[] {
    return this.#rows.page(table, range, limit);
  }

  size(table: string): number {
    return this.#rows.size(table);
  }

  async apply(changes: Changes, checkpoint: Checkpoint): Promise<void> {
    this.#requireOpen();
    checkCommitNumber(this.#task, this.checkpoint, checkpoint);
    this.#rows.apply(changes, checkpoint);
  }

  async restore(changes: Changes, restored: Restored): Promise<void> {
    this.#requireOpen();
    this.#rows.restore(changes, restored);
  }

  async wipe(): Promise<void> {
    this.#requireOpen();
    this.#rows.clear();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#rows.clear();
  }

  #requireOpen(): void {
    if (!this.#isClosed) return;
    throw new KafkaRxError('CLOSED', `The state of task ${this.#task} is closed`);
  }
}
