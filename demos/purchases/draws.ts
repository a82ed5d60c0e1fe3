/**
 * Numbers that look random and are the same on every machine: what the demo makes up is derived from a text by
 * these. Not for secrets.
 */

/** The next number, from 0 inclusive to 1 exclusive. */
export type Draw = () => number;

/** Draws that depend on `text` alone: FNV-1a seeds mulberry32 (both public domain). */
export function drawsFrom(text: string): Draw {
  let state = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) state = Math.imul(state ^ text.charCodeAt(i), 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** Picks one of many, each as often as its weight says. */
export type Pick<T> = (draw: Draw) => T;

/**
 * @param choices at least one, each with its weight above 0; a weight's unit is of no matter
 */
export function weighted<T>(choices: readonly (readonly [choice: T, weight: number])[]): Pick<T> {
  const total = choices.reduce((sum, [, weight]) => sum + weight, 0);
  const last = choices.at(-1);
  if (last === undefined) throw new RangeError('nothing to pick from');
  return draw => {
    let left = draw() * total;
    for (const [choice, weight] of choices) {
      left -= weight;
      if (left < 0) return choice;
    }
    return last[0]; // reached by rounding only
  };
}
