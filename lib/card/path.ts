import { KafkaRxError } from '../errors/errors.js';

type Primitive = string | number | bigint | boolean | symbol | null | undefined;
type Callable = (...parameters: never) => unknown;

/** One level less. */
type Below = { 5: 4; 4: 3; 3: 2; 2: 1; 1: 0 };
type Depth = keyof Below;

/**
 * The dotted paths into `V` that lead to text: `cardNumber`, `payment.card`, `cards.*.number` (`*` is every element of
 * an array). Optional, nullable and branded fields count, and fields of each member of a union. At most five steps
 * deep; a field whose name holds a dot has no path. A path that is misspelt does not compile.
 *
 * @category Privacy @since 0.1.0
 */
export type Path<V> = PathWithin<V, 5>;

type PathWithin<V, D extends Depth> = V extends Primitive | Callable
  ? never
  : V extends readonly (infer Item)[]
    ? Step<'*', Item, D>
    : { [K in keyof V & string]-?: K extends `${string}.${string}` ? never : Step<K, V[K], D> }[keyof V &
        string];

type Step<K extends string, Field, D extends Depth> =
  | ([Extract<Field, string>] extends [never] ? never : K)
  | (Below[D] extends infer Less extends Depth ? Prefixed<K, PathWithin<Field, Less>> : never);

type Prefixed<K extends string, Rest> = Rest extends string ? `${K}.${Rest}` : never;

/** A path taken apart, once. @category Privacy @since 0.1.0 */
export interface CompiledPath {
  /** As it was written, for messages. */
  readonly path: string;
  /** At least one. */
  readonly segments: readonly [string, ...string[]];
}

const forbidden: ReadonlySet<string> = new Set(['__proto__', 'prototype', 'constructor']);

/**
 * Takes a path apart. Throws `CONFIGURATION` for an empty path or segment, and for the names through which a prototype
 * can be changed.
 *
 * @category Privacy @since 0.1.0
 */
export function compilePath(path: string): CompiledPath {
  const [first, ...rest] = path.split('.');
  const segments = [first ?? '', ...rest] as const;
  if (segments.some(segment => segment === '' || forbidden.has(segment))) {
    throw new KafkaRxError('CONFIGURATION', `'${path}' is not a path to a field`, {
      remedy:
        "Name the fields from the value's root with dots between them, and * for the elements of an array",
    });
  }
  return { path, segments: [segments[0], ...rest] };
}
