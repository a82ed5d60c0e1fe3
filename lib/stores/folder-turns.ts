import { forAllCopies } from '../base/for-all-copies.js';

/** Does the work when everything before it has settled, whatever came of that. */
export type InTurn = <T>(work: () => T | Promise<T>) => Promise<T>;

/** By path: what is last in line. Of this thread, as each has its own global object. */
const linesOfThread = forAllCopies('kafka-rx.lmdb-folders', new Map<string, Promise<void>>());

/**
 * The line of all who write to an LMDB folder from this thread, those of other store objects included.
 *
 * lmdb-js begins a write transaction on a thread of its own, which then waits for this one to say what to write; to open a database is a
 * write transaction that this thread begins and waits for. Where both meet in one folder, each waits for the other, for ever.
 *
 * @param path the real one, so that all who mean the folder are in one line
 */
export function folderTurns(path: string, lines: Map<string, Promise<void>> = linesOfThread): InTurn {
  return work => {
    const turn = (lines.get(path) ?? Promise.resolve()).then(work);
    const settled = turn.then(
      () => {},
      () => {},
    );
    lines.set(path, settled);
    void settled.then(() => {
      if (lines.get(path) === settled) lines.delete(path);
    });
    return turn;
  };
}
