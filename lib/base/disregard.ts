/** Where a promise came instead of a value, and is refused: a rejection that nobody hears would end the process. */
export function disregard(thing: unknown): boolean {
  if (typeof thing !== 'object' || thing === null || !('then' in thing) || typeof thing.then !== 'function') {
    return false;
  }
  thing.then(undefined, () => {});
  return true;
}
