/** In development what several may hold is frozen. */
export const frozen = process.env['NODE_ENV'] !== 'production';

/**
 * Freezes a plain value and all plain objects and arrays inside it. Buffers, typed arrays and class instances are left
 * alone (a typed array with elements cannot be frozen), and accessors are not asked. What is frozen already is not walked again.
 */
export function deepFreeze<T>(value: T): T {
  // With a list of its own: what a user nests may be deeper than the stack.
  const pending: unknown[] = [value];
  while (pending.length > 0) {
    const thing = pending.pop();
    if (typeof thing !== 'object' || thing === null || Object.isFrozen(thing)) continue;
    if (!Array.isArray(thing)) {
      const prototype: unknown = Object.getPrototypeOf(thing);
      if (prototype !== Object.prototype && prototype !== null) continue;
    }
    Object.freeze(thing);
    for (const name of Object.keys(thing)) pending.push(Object.getOwnPropertyDescriptor(thing, name)?.value);
  }
  return value;
}
