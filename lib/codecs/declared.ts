import type { ProtectedField } from '../card/protected-field.js';
import type { Codec } from './codec.js';
import type { Shape } from './shape.js';

/** Which fields the values of something have: of a codec, of an Observable of records, of a store. Read while wiring. */
const shapes = new WeakMap<object, Shape>();

/** @internal Notes the shape, where it is known; returns what it is of. */
export function declare<T extends object>(of: T, shape: Shape | undefined): T {
  if (shape !== undefined) shapes.set(of, shape);
  return of;
}

/** @internal Undefined where nothing is known: a codec of the user's, what comes out of a function. */
export function declaredShape(of: object): Shape | undefined {
  return shapes.get(of);
}

/** @internal Notes that what an operator gives has the fields of its source. */
export function keeping<T extends object>(source: object, result: T): T {
  return declare(result, declaredShape(source));
}

/** @internal What was about to be written. */
export class UnmaskedField extends Error {
  /**
   * @param path undefined where no field is to blame, but `what` was found
   * @param remedy where it lies elsewhere than in the value, which is all that mask changes
   */
  constructor(
    readonly path: string | undefined,
    readonly what = `the field '${path}' unmasked`,
    readonly remedy?: string | undefined,
  ) {
    super('what may not be written');
  }
}

/**
 * @internal Encodes as the codec does, or throws {@link UnmaskedField}: looks at what it writes, and not at the value. Lent bytes
 * last until the next value is encoded: for who copies them at once.
 */
export type GuardedEncode<V> = (
  fields: readonly ProtectedField[],
  lent: boolean,
) => (value: V) => Buffer | null;

const guarded = new WeakMap<object, { readonly encode: unknown; readonly under: unknown }>();

/** @internal Notes that a codec can guard what it writes. */
export function guardable<V>(codec: Codec<V>, under: GuardedEncode<V>): Codec<V> {
  guarded.set(codec, { encode: codec.encode, under });
  return codec;
}

/** @internal Undefined where the codec cannot, or somebody has put another `encode` in its place. */
export function guardedEncode<V>(codec: Codec<V>): GuardedEncode<V> | undefined {
  const known = guarded.get(codec);
  // It was noted with a codec of this very type.
  return known?.encode === codec.encode ? (known?.under as GuardedEncode<V> | undefined) : undefined;
}
