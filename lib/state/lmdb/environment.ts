import { Buffer } from 'node:buffer';
import { commitError } from '../../stores/lmdb-failed.js';
import type { Change, ChangelogPositions, Changes, Checkpoint } from '../backend.js';
import type { KeyRange } from '../state-table.js';
import { checkpointBytes, positionsBytes, readCheckpoint, readPositions } from './checkpoint-bytes.js';
import { binary, type StateHost, type StateRoot, type StateTree } from './host.js';
import {
  entryOf,
  isLong,
  isWithin,
  longRow,
  rowInLong,
  type TreeEntry,
  TreeKeys,
  treeRange,
} from './tree-keys.js';

/** Of a transaction, at most: larger ones leave LMDB a list of free pages that makes all later commits several times dearer. */
const keysOfTransaction = 20_000;
/** Each is a tree of its own. */
const mostTables = 512;
const format = 'kafka-rx/state/1';
const prefix = 'table/';
const keyOf = {
  format: Buffer.from('format'),
  checkpoint: Buffer.from('checkpoint'),
  ahead: Buffer.from('ahead'),
};

/** An LMDB environment with the tables of a task and the checkpoint they have. All errors are LMDB's. */
export class StateEnvironment {
  readonly #root: StateRoot;
  readonly #meta: StateTree;
  readonly #tables = new Map<string, StateTree>();
  readonly #keys = new TreeKeys();
  #checkpoint: Checkpoint | undefined;
  #ahead: ChangelogPositions | undefined;

  private constructor(root: StateRoot) {
    this.#root = root;
    // lmdb-js writes names with a zero at their end.
    const names = [...root.getKeys()].map(name => name.toString().replace(/\0$/, ''));
    this.#meta = root.openDB('meta', binary);
    for (const name of names) if (name.startsWith(prefix)) this.#table(name.slice(prefix.length));
    const [checkpoint, ahead] = [this.#meta.get(keyOf.checkpoint), this.#meta.get(keyOf.ahead)];
    this.#checkpoint = checkpoint && readCheckpoint(checkpoint);
    this.#ahead = ahead && readPositions(ahead);
  }

  /** @returns undefined: what is there was written in another format */
  static async open(host: StateHost, path: string): Promise<StateEnvironment | undefined> {
    const root = host.open({
      path,
      noSubdir: false, // else a folder with a dot in its name becomes a file
      ...binary,
      // The changelog is what is durable: after a crash of the machine the folder is not trusted.
      noSync: true,
      // It would flush in the background, at four times the cost.
      overlappingSync: false,
      // It would let whatever the process had in memory, card numbers among it, into the unused parts of pages.
      noMemInit: false,
      // With it, a failed commit also rejects a promise inside lmdb-js that nobody can catch.
      eventTurnBatching: false,
      maxDbs: mostTables,
    });
    try {
      const environment = new StateEnvironment(root);
      const found = environment.#meta.get(keyOf.format)?.toString();
      if (found === format) return environment;
      if (found !== undefined || environment.#checkpoint !== undefined) {
        await root.close();
        return undefined;
      }
      await environment.#batch(() => environment.#meta.put(keyOf.format, Buffer.from(format)));
      return environment;
    } catch (error) {
      await root.close();
      throw error;
    }
  }

  get checkpoint(): Checkpoint | undefined {
    return this.#checkpoint;
  }

  get ahead(): ChangelogPositions | undefined {
    return this.#ahead;
  }

  get(table: string, key: string): Buffer | undefined {
    const found = this.#tables.get(table)?.get(this.#keys.of(key));
    return found === undefined || !isLong(key) ? found : rowInLong(found);
  }

  page(table: string, range: KeyRange, limit: number): readonly (readonly [string, Buffer])[] {
    const tree = this.#tables.get(table);
    const found: (readonly [string, Buffer])[] = [];
    if (tree === undefined) return found;
    let run: TreeEntry[] = [];
    const endRun = (): void => {
      run.sort((a, b) => (a.key < b.key !== (range.reverse ?? false) ? -1 : 1));
      for (const { key, row } of run) found.push([key, row]);
      run = [];
    };
    for (const raw of tree.getRange(treeRange(range))) {
      const entry = entryOf(raw);
      if (run[0] !== undefined && run[0].run !== entry.run) endRun();
      if (found.length >= limit) break;
      if (!isWithin(entry.key, range)) continue;
      if (entry.run === undefined) found.push([entry.key, entry.row]);
      else run.push(entry);
    }
    endRun();
    return found.slice(0, limit);
  }

  size(table: string): number {
    const stats = this.#tables.get(table)?.getStats();
    return stats === undefined ? 0 : Number(Reflect.get(stats, 'entryCount'));
  }

  /** Up to the last page that was ever written; undefined where LMDB does not say. */
  get bytes(): number | undefined {
    const stats = this.#root.getStats?.();
    if (stats === undefined) return undefined;
    const [pages, pageBytes] = ['lastPageNumber', 'pageSize'].map(name => Number(Reflect.get(stats, name)));
    const bytes = ((pages ?? Number.NaN) + 1) * (pageBytes ?? Number.NaN);
    return Number.isSafeInteger(bytes) ? bytes : undefined;
  }

  /**
   * Writes in transactions of {@link keysOfTransaction}; the last one moves the checkpoint.
   *
   * @param aheadTo what {@link ahead} is from the first of several transactions to the last; undefined: it stays what it is
   */
  async write(
    changes: Changes,
    checkpoint: Checkpoint,
    aheadTo: ChangelogPositions | undefined,
  ): Promise<void> {
    for (const table of changes.keys()) this.#table(table);
    const rest = this.#inOrder(changes);
    let next = rest.next();
    let keys = 0;
    const putSome = (): void => {
      for (keys = 0; next.done !== true && keys < keysOfTransaction; keys++, next = rest.next()) {
        const [tree, key, row] = next.value;
        if (row === null) tree.remove(this.#keys.of(key));
        else tree.put(this.#keys.of(key), isLong(key) ? longRow(key, row) : row);
      }
    };
    for (let isFirst = true, isLast = false; !isLast; isFirst = false) {
      await this.#batch(() => {
        putSome();
        isLast = next.done === true;
        if (isLast) {
          this.#meta.put(keyOf.checkpoint, checkpointBytes(checkpoint));
          if (aheadTo !== undefined) this.#meta.remove(keyOf.ahead);
        } else if (isFirst && aheadTo !== undefined) {
          this.#meta.put(keyOf.ahead, positionsBytes(aheadTo));
        }
      });
      if (aheadTo !== undefined) this.#ahead = isLast ? undefined : aheadTo;
    }
    this.#checkpoint = checkpoint;
  }

  close(): Promise<void> {
    return this.#root.close();
  }

  *#inOrder(changes: Changes): Generator<readonly [StateTree, ...Change], void, undefined> {
    for (const [table, ofTable] of changes) {
      const tree = this.#table(table);
      for (const [key, row] of ofTable) yield [tree, key, row];
    }
  }

  async #batch(action: () => void): Promise<void> {
    try {
      await this.#root.batch(action);
    } catch (error) {
      throw await commitError(error);
    }
    this.#root.resetReadTxn();
  }

  #table(name: string): StateTree {
    const known = this.#tables.get(name);
    if (known !== undefined) return known;
    const tree = this.#root.openDB(prefix + name, binary);
    this.#tables.set(name, tree);
    return tree;
  }
}
