/**
 * One thing under a name for all copies of the library in a process (ESM beside CommonJS, two versions): whichever copy comes first
 * has put it there.
 */
export function forAllCopies<T extends object>(name: string, initial: T): T {
  // No two of our copies put another thing there, and nobody else has the name.
  const everywhere = globalThis as { [key: symbol]: T | undefined };
  const key = Symbol.for(name);
  everywhere[key] ??= initial;
  return everywhere[key];
}
