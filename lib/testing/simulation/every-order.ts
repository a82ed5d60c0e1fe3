import { EnumeratedChoices } from './choices.js';

export interface EveryOrder {
  /** Runs, each in an order of its own; of those that differ only in what commutes, one. */
  readonly orders: number;
  /** Whether there is no further one. */
  readonly isWhole: boolean;
}

/**
 * Runs something once with every combination of answers that its choices can be given.
 *
 * @param run must ask the same questions where it was given the same answers
 * @param goesOn asked before each run
 */
export async function everyOrder(
  run: (choices: EnumeratedChoices) => Promise<void>,
  goesOn: () => boolean,
): Promise<EveryOrder> {
  let given: readonly number[] | undefined = [];
  let orders = 0;
  while (given !== undefined && goesOn()) {
    const choices: EnumeratedChoices = new EnumeratedChoices(given);
    await run(choices);
    if (!choices.isRedundant) orders++;
    given = choices.following;
  }
  return { orders, isWhole: given === undefined };
}
