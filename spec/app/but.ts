/** The same thing, but for what is given. Its methods are called on the thing itself. */
export function but<T extends object>(thing: T, other: Partial<T>): T {
  return new Proxy(thing, {
    get(target, name) {
      if (Object.hasOwn(other, name)) return Reflect.get(other, name);
      const own: unknown = Reflect.get(target, name, target);
      return typeof own === 'function' ? own.bind(target) : own;
    },
  });
}
