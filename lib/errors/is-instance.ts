/**
 * `instanceof` for what was thrown: a Proxy may throw when it is asked for its prototype, and what throws inside a `catch` is caught
 * by nobody.
 */
export function isInstance<T>(thing: unknown, of: abstract new (...args: never[]) => T): thing is T {
  try {
    return thing instanceof of;
  } catch {
    return false;
  }
}
