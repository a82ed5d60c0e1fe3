import { KafkaRxError } from '../errors/errors.js';

type Primitive = string | number | bigint | boolean | symbol | null | undefined;
type Callable = (...parameters: never) => unknown;

/** One level less. */
type Below = { 5: 4; 4: 3; 3: 2; 2: 1; 1: 0 };
type Depth = keyof Below;

/**
 * The dotted paths into `V` that lead to text: `cardNumber`, `payment.card`, `cards.*.number`. `*` is every element of an
 * array, and every field of a `Record`, whose names only the value knows. Optional, nullable and branded fields count, and
 * fields of each member of a union. At most five steps deep; a field whose name holds a dot, or is `*`, has no path; neither
 * has one that may be anything else beside text, a number or null. A path that is misspelt does not compile.
 *
 * @category Privacy @since 0.1.0
 */
export type Path<V> = PathWithin<V, 5>;

type PathWithin<V, D extends Depth> = V extends Primitive | Callable
  ? never
  : V extends readonly (infer Item)[]
    ? Step<'*', Item, D>
    :
        | { [K in keyof V & string]-?: IsOpen<K> extends true ? never : Named<K, V[K], D> }[keyof V & string]
        | (HasOpen<V> extends true ? Step<'*', V[keyof V], D> : never);

/** Whether a key stands for names that only the value knows: of a Record, of a template. */
export type IsOpen<K extends PropertyKey> = Record<never, never> extends Record<K, 1> ? true : false;

/** Whether `V` has such a key. A symbol's is never walked. */
export type HasOpen<V> = true extends { [K in keyof V]-?: K extends symbol ? false : IsOpen<K> }[keyof V]
  ? true
  : false;

/** Through what a path cannot name no step leads; an enum's member is named by its text. */
type Named<K extends string, Field, D extends Depth> = `${K}` extends
  | `${string}.${string}`
  | ''
  | '*'
  | '__proto__'
  | 'prototype'
  | 'constructor'
  ? never
  : Step<`${K}`, Field, D>;

type Step<K extends string, Field, D extends Depth> =
  | (IsText<Field> extends true ? K : never)
  | (Below[D] extends infer Less extends Depth ? Prefixed<K, PathWithin<Field, Less>> : never);

/** Text, perhaps, and nothing beside it that cannot be masked. */
type IsText<Field> = [Extract<Field, string>] extends [never]
  ? false
  : [Exclude<Field, Maskable>] extends [never]
    ? true
    : false;

type Maskable = string | number | null | undefined;

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
  const [first, ...rest] = String(path).split('.');
  if (!isPath(path)) {
    throw new KafkaRxError('CONFIGURATION', `'${path}' is not a path to a field`, {
      remedy:
        "Name the fields from the value's root with dots between them, and * for all of an array or Record",
    });
  }
  return { path, segments: [first ?? '', ...rest] };
}

/** @internal Whether {@link compilePath} takes it. */
export function isPath(path: string): boolean {
  return !String(path)
    .split('.')
    .some(segment => segment === '' || forbidden.has(segment));
}
