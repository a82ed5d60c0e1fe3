import type { Disturbances, Disturbed } from './disturbances.js';
import type { World } from './world.js';

/** Virtual milliseconds within which a member that has nothing under way gives its partitions up, tries of a commit included. */
const idleMs = 5_000;

/** Virtual milliseconds that a stop takes at most: the drain's deadline, and a bound for each step behind it. */
const stopMs = 120_000;

/** How long a disturbance is felt: the longest wait before a commit is tried again. */
const feltMs = 4_000;

/** Watches how long members take to give their partitions up: a group stands still for as long. */
export class DrainWatch {
  readonly #world: World;
  readonly #violated: (invariant: string, message: string) => void;
  readonly #disturbances: Disturbances;

  constructor(
    world: World,
    disturbances: Disturbances,
    violated: (invariant: string, message: string) => void,
  ) {
    this.#world = world;
    this.#violated = violated;
    this.#disturbances = disturbances;
  }

  /**
   * Looks at one drain until it ends; one that never does holds the group up until its session is over, which is no drain's fault.
   *
   * @param process the incarnation
   * @param inFlight records that it has handed out and that have not settled
   * @param boundMs of the port: what it may take
   */
  watch(process: string, inFlight: number, boundMs: number, drained: Promise<void>): void {
    const began = this.#world.timeMs;
    const ended = (): void => {
      const tookMs = Math.round(this.#world.timeMs - began);
      const took = `${process} took ${tookMs} ms to give its partitions up`;
      const since = (...whats: readonly Disturbed[]): boolean =>
        this.#disturbances.since(began - feltMs, process, ...whats);
      if (tookMs > boundMs && !since('process'))
        this.#violated('a drain ends within its bound', `${took}, of ${boundMs}`);
      else if (tookMs > idleMs && inFlight === 0 && !since('process', 'commits'))
        this.#violated('a drain with nothing under way ends soon', took);
    };
    void drained.then(ended, ended);
  }

  /** Looks at one stop of an app. @param process the incarnation */
  stopping(process: string, stopped: Promise<void>): void {
    const began = this.#world.timeMs;
    const ended = (): void => {
      const tookMs = Math.round(this.#world.timeMs - began);
      if (tookMs > stopMs && !this.#disturbances.since(began, process, 'process'))
        this.#violated('a stop ends within its bounds', `${process} took ${tookMs} ms`);
    };
    void stopped.then(ended, ended);
  }
}
