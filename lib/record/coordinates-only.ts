/** The symbol of `util.inspect.custom`, which needs no import of node:util. */
const inspectCustom = Symbol.for('nodejs.util.inspect.custom');

/**
 * Makes every printed form of a class's objects (`console.log`, `util.inspect`, `JSON.stringify`, `String`) say where
 * they came from and nothing that they hold.
 *
 * @param describe gives plain coordinates
 */
export function showOnly<T extends object>(
  type: { readonly prototype: T },
  name: string,
  describe: (object: T) => Readonly<Record<string, string | number>>,
): void {
  const text = (object: T): string =>
    `${name}(${Object.entries(describe(object))
      .map(([key, value]) => `${key} ${value}`)
      .join(', ')})`;
  Object.defineProperties(type.prototype, {
    toJSON: {
      value(this: T) {
        return describe(this);
      },
    },
    toString: {
      value(this: T) {
        return text(this);
      },
    },
    [inspectCustom]: {
      value(this: T) {
        return text(this);
      },
    },
  });
}
