import type { Guarantee } from '../purchase-workload.js';
import type { System } from '../systems.js';

/** A piece of today's sources that is replaced by another. */
export interface Replacement {
  /** From the repository's folder on. */
  readonly file: string;
  /** Stands there exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** A bug that is put in on purpose, to see whether the simulator finds it. */
export interface SeededBug {
  readonly name: string;
  /** What the library does with it. */
  readonly what: string;
  readonly replacements: readonly Replacement[];
  /** What is said of it, as `invariant: message`. Whatever else is broken is not taken for it: a replacement may be broken itself. */
  readonly shows: RegExp;
  /**
   * Seeds within which it is to be found, where it takes several coincidences at once, and is none of those that every change is held to.
   * Default: those of the command, 1,000.
   */
  readonly within?: number;
  /** Under which it is looked for. Default: at least once. */
  readonly guarantee?: Guarantee | undefined;
  /** In which it is looked for. Default: purchases. */
  readonly system?: System | undefined;
}

/** Shown where a record was not written, and its offset was committed. */
export const lost = /is below the committed|never came to/;

/** @throws where the text to be replaced is not there, or more than once */
export function replaced(text: string, { file, find, replace }: Replacement): string {
  const times = text.split(find).length - 1;
  if (times === 1) return text.split(find).join(replace);
  const [line = ''] = find.trim().split('\n');
  throw new Error(
    `${file}: '${line.trim()}' stands there ${times} times, not once; bring the seeded bug up to date`,
  );
}
