/**
 * Options with what was left out filled in. A field that is there and `undefined` counts as left out, as everywhere: a spread
 * would put the `undefined` in the default's place.
 */
export function withDefaults<D extends object, O extends object>(
  defaults: D,
  options: O | undefined,
): D & Required<O> {
  const given = Object.fromEntries(Object.entries(options ?? {}).filter(([, value]) => value !== undefined));
  // What O may leave out has a default in D: callers name both, and the result's type holds them to it.
  return { ...defaults, ...given } as D & Required<O>;
}
