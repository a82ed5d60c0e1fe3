/**
 * Where a promise came instead of a value, and is refused: a rejection that nobody hears would end the process.
 *
 * @param rejected hears of the rejection; default: nobody
 */
export function disregard(thing: unknown, rejected: (reason: unknown) => void = () => {}): boolean {
  if (typeof thing !== 'object' || thing === null || !('then' in thing) || typeof thing.then !== 'function') {
    return false;
  }
  thing.then(undefined, rejected);
  return true;
}
