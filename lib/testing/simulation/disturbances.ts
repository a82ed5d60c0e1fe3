import type { World } from './world.js';

/** What is held up: all of a process, its calls to group and disk, what it produces, or a call that nothing waits for but itself. */
export type Disturbed = 'process' | 'commits' | 'produce' | 'calls';

/**
 * What was done to the system from outside that may hold it up: until when, in virtual time, nobody is to complain of slowness.
 * Where a process is named, of that process alone.
 */
export class Disturbances {
  readonly #world: World;
  readonly #until = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Holds it up for so many milliseconds from now on. @param who a process or an incarnation of it; undefined: all of them */
  note(what: Disturbed, forMs: number, who?: string): void {
    const key = keyOf(what, who);
    const until = this.#world.timeMs + forMs;
    this.#until.set(key, Math.max(this.#until.get(key) ?? until, until));
  }

  /** Whether one of these did so to a process at this virtual time, or has done since. */
  since(timeMs: number, who: string, ...whats: readonly Disturbed[]): boolean {
    return whats.some(what =>
      [keyOf(what, undefined), keyOf(what, who)].some(key => (this.#until.get(key) ?? -1) >= timeMs),
    );
  }
}

function keyOf(what: Disturbed, who: string | undefined): string {
  return `${what} ${who?.split('.')[0] ?? ''}`;
}
