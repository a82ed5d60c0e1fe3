import { errorKind } from '../../errors/errors.js';
import { fieldOf } from '../../errors/field-of.js';
import type { Violation } from './simulation-parts.js';
import type { World } from './world.js';

/** What is written down of a run: marks, the timeline, and the first thing that was wrong. */
export class Journal {
  /** How often what rarely happens has happened. */
  readonly marks = new Map<string, number>();
  /** The same with step and time, in order; the last thousand. */
  readonly timeline: string[] = [];
  readonly #world: World;
  #violation: Violation | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  get violation(): Violation | undefined {
    return this.#violation;
  }

  mark(name: string): void {
    this.marks.set(name, (this.marks.get(name) ?? 0) + 1);
    const { steps, timeMs } = this.#world;
    this.timeline.push(`step ${steps}, ${(timeMs / 1000).toFixed(3)} s: ${name}`);
    if (this.timeline.length > 1000) this.timeline.shift();
  }

  /** The first one counts: what follows may follow from it. */
  violated(invariant: string, message: string): void {
    this.#violation ??= { invariant, message, step: this.#world.steps, timeMs: this.#world.timeMs };
  }
}

/** An error in one line. */
export function told(error: unknown): string {
  const name = fieldOf(error, 'name');
  const message = fieldOf(error, 'message');
  if (typeof name === 'string' && typeof message === 'string') return `${name}: ${message}`;
  return typeof error === 'string' ? error : errorKind(error);
}
