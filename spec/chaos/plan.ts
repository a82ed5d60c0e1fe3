/** What a run does, drawn from its seed: the same seed, faults and minutes give the same plan. */
import { type Draw, drawsFrom } from '../../demos/purchases/draws.js';
import type { Fault, World } from './fault.js';

export interface Step<W = World> {
  readonly fault: Fault<W>;
  /** A member is stopped while the fault lasts. */
  readonly stopDuring: boolean;
  /** Milliseconds of undisturbed load before it. */
  readonly restMs: number;
  /** Text that seeds the fault's own draws. */
  readonly seed: string;
}

/** What a step takes beside its hold and rest: a guess at the recovery, so that a plan fits its minutes. */
const aroundMs = 5_000;

/**
 * Rounds of all faults, each round in another order, as many as fit; the first round whole. With `stopDuring` every
 * other round stops a member during each fault.
 */
export function planOf<W = World>(
  seed: string,
  faults: readonly Fault<W>[],
  stopDuring: boolean,
  minutes: number,
): readonly Step<W>[] {
  const draw = drawsFrom(`plan ${seed}`);
  const steps: Step<W>[] = [];
  if (faults.length === 0) return steps;
  for (let round = 0, spentMs = 0; spentMs < minutes * 60_000; round++) {
    for (const fault of shuffled(faults, draw)) {
      const restMs = Math.round(500 + draw() * 2_000);
      spentMs += restMs + fault.holdMs + aroundMs;
      if (round > 0 && spentMs > minutes * 60_000) return steps;
      const stopped = stopDuring && round % 2 === 1 && fault.graceful !== true;
      steps.push({ fault, stopDuring: stopped, restMs, seed: `${seed}/${steps.length}` });
    }
  }
  return steps;
}

export function nameOf<W>({ fault, stopDuring }: Step<W>): string {
  return stopDuring ? `${fault.name}, stop during` : fault.name;
}

/** Fisher and Yates. */
function shuffled<T>(items: readonly T[], draw: Draw): T[] {
  const rest = [...items];
  const order: T[] = [];
  while (rest.length > 0) order.push(...rest.splice(Math.floor(draw() * rest.length), 1));
  return order;
}
