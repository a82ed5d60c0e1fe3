/**
 * What stands under a name of something that was thrown, whatever it is. Undefined where nothing does, and where it throws when it
 * is asked, as a getter or a Proxy may: what throws inside a `catch` is caught by nobody.
 */
export function fieldOf(thing: unknown, name: string): unknown {
  if ((typeof thing !== 'object' && typeof thing !== 'function') || thing === null) return undefined;
  try {
    // An object may be asked for any name.
    return (thing as Readonly<Record<string, unknown>>)[name];
  } catch {
    return undefined;
  }
}
