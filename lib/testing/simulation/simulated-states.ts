import type { Buffer } from 'node:buffer';
import { KafkaRxError } from '../../errors/errors.js';
import type {
  ChangelogPositions,
  Changes,
  Checkpoint,
  Restored,
  StateBackend,
  StateBackends,
} from '../../state/backend.js';
import { checkCommitNumber } from '../../state/checkpoints.js';
import { MemoryRows } from '../../state/memory-rows.js';
import type { KeyRange } from '../../state/state-table.js';

/** What a simulated disk asks of the world around it, for one incarnation of a process. */
export interface StateLink {
  /** The process has died. */
  readonly isCut: boolean;
  /** Asks the disk for something; the process may die before, meanwhile and after. */
  call<T>(what: string, effect: () => T): Promise<T>;
  /** Whether this write is to fail; drawn by the simulation. */
  fails(): boolean;
  /** One of `n`; the first is what is usual. */
  choose(label: string, n: number): number;
  mark(name: string): void;
}

/** What lies on a disk of one task, and who has it open; it outlives that process. */
interface StateFolder {
  readonly rows: MemoryRows;
  ahead: ChangelogPositions | undefined;
  /** Undefined: it was closed. */
  owner: StateLink | undefined;
}

/** By task, in the order in which they were made. */
export type StateFolders = Map<string, StateFolder[]>;

/**
 * States on a disk that outlives the process, as `lmdbBackend` keeps them: a task goes on with the folder of an owner that has closed it or
 * has died, begins an empty one beside that of an owner who lives, and of who dies in an apply a part may be there.
 */
export function simulatedStates(folders: StateFolders, link: StateLink): StateBackends {
  return {
    name: 'simulated',
    open: task =>
      link.call('open state', () => {
        const all = folders.get(task) ?? [];
        const kept = all.filter(({ owner }) => owner !== undefined && !owner.isCut);
        if (kept.some(({ owner }) => owner !== link))
          link.mark('state: the folder of a living owner is left alone');
        const folder = all.filter(one => !kept.includes(one)).at(-1) ?? emptyFolder();
        if (folder.rows.checkpoint !== undefined) link.mark('state: goes on with a folder');
        if (folder.ahead !== undefined)
          link.mark('state: goes on with a folder whose owner died in an apply');
        folder.owner = link;
        folders.set(task, [...kept, folder]);
        return new SimulatedStateBackend(task, folder, link);
      }),
    clear: () =>
      link.call('clear states', () => {
        for (const [task, all] of folders)
          folders.set(
            task,
            all.filter(({ owner }) => owner !== undefined && !owner.isCut),
          );
      }),
  };
}

class SimulatedStateBackend implements StateBackend {
  readonly #task: string;
  readonly #folder: StateFolder;
  readonly #link: StateLink;
  #turns: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | undefined;

  constructor(task: string, folder: StateFolder, link: StateLink) {
    this.#task = task;
    this.#folder = folder;
    this.#link = link;
  }

  get checkpoint(): Checkpoint | undefined {
    return this.#folder.rows.checkpoint;
  }

  get ahead(): ChangelogPositions | undefined {
    return this.#folder.ahead;
  }

  get(table: string, key: string): Buffer | undefined {
    this.#requireOpen();
    return this.#folder.rows.get(table, key);
  }

  page(table: string, range: KeyRange, limit: number): readonly (readonly [string, Buffer])[] {
    this.#requireOpen();
    return this.#folder.rows.page(table, range, limit);
  }

  size(table: string): number {
    this.#requireOpen();
    return this.#folder.rows.size(table);
  }

  apply(changes: Changes, checkpoint: Checkpoint): Promise<void> {
    return this.#inTurn(async () => {
      checkCommitNumber(this.#task, this.checkpoint, checkpoint);
      const parts =
        this.#link.choose('state: applied in two transactions', 2) === 1 ? halvesOf(changes) : [changes];
      for (const [number, part] of parts.entries()) {
        const isLast = number === parts.length - 1;
        await this.#write('apply state', () => {
          if (isLast) this.#folder.rows.apply(part, checkpoint);
          else this.#folder.rows.put(part);
          this.#folder.ahead = isLast ? undefined : checkpoint.positions;
        });
      }
    });
  }

  restore(changes: Changes, restored: Restored): Promise<void> {
    return this.#inTurn(() =>
      this.#write('restore state', () => this.#folder.rows.restore(changes, restored)),
    );
  }

  wipe(): Promise<void> {
    return this.#inTurn(() =>
      this.#write('wipe state', () => {
        this.#folder.rows.clear();
        this.#folder.ahead = undefined;
      }),
    );
  }

  close(): Promise<void> {
    this.#closed ??= this.#inTurn(() =>
      this.#link.call('close state', () => {
        if (this.#folder.owner === this.#link) this.#folder.owner = undefined;
      }),
    );
    return this.#closed;
  }

  #write(what: string, effect: () => void): Promise<void> {
    return this.#link.call(what, () => {
      // What arrives behind the death of its process is nothing that this disk still hears.
      if (this.#folder.owner !== this.#link) return;
      if (this.#link.fails()) throw diskFull(this.#task);
      effect();
    });
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    this.#requireOpen();
    const turn = this.#turns.then(work);
    this.#turns = turn.catch(() => {});
    await turn;
  }

  #requireOpen(): void {
    if (this.#closed === undefined) return;
    throw new KafkaRxError('CLOSED', `The state of task ${this.#task} is closed`);
  }
}

function emptyFolder(): StateFolder {
  return { rows: new MemoryRows(), ahead: undefined, owner: undefined };
}

/** Each table's rows, in two. */
function halvesOf(changes: Changes): readonly Changes[] {
  const part = (first: boolean): Changes =>
    new Map(
      [...changes].map(([table, rows]) => {
        const middle = Math.ceil(rows.length / 2);
        return [table, first ? rows.slice(0, middle) : rows.slice(middle)];
      }),
    );
  return [part(true), part(false)];
}

function diskFull(task: string): KafkaRxError {
  return new KafkaRxError('STORE', `Could not write the state of task ${task}: the disk is full`, {
    remedy: 'The simulation lets writes fail; try again',
    retriable: true,
  });
}
