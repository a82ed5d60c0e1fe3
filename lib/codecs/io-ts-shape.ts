/**
 * What {@link json} asks of a type, structurally: io-ts's `Type` has this shape, and so may your own. The library's
 * root entry point imports neither io-ts nor fp-ts.
 *
 * `decode` answers either `{ _tag: 'Right', right }` or `{ _tag: 'Left', left }`; `encode` gives what `JSON.stringify`
 * takes. `is`, where present, is asked before a value is written.
 *
 * @typeParam A the decoded type
 * @category Codecs @since 0.1.0
 */
export interface IoTsShape<A> {
  /** For messages and `describe()`. Default: `value`. */
  readonly name?: string;
  is?(value: unknown): boolean;
  decode(input: unknown): DecodeFailed | DecodedAs<A>;
  encode(value: A): unknown;
}

/** @category Codecs @since 0.1.0 */
export interface DecodeFailed {
  readonly _tag: 'Left';
  /** io-ts's errors: their `context` tells where the failure lies; `value` is never read. */
  readonly left: unknown;
}

/** @category Codecs @since 0.1.0 */
export interface DecodedAs<A> {
  readonly _tag: 'Right';
  readonly right: A;
}

/**
 * The parts of an io-ts codec that can be read without io-ts. Which are there depends on `_tag`.
 *
 * @internal
 */
export interface IoTsParts {
  readonly _tag?: unknown;
  readonly name?: unknown;
  readonly props?: unknown;
  readonly type?: unknown;
  readonly types?: unknown;
  readonly domain?: unknown;
  readonly codomain?: unknown;
  readonly is?: unknown;
  readonly decode?: unknown;
  readonly encode?: unknown;
}

const noParts: IoTsParts = {};

/** @internal */
export function partsOf(codec: unknown): IoTsParts {
  // Holds of every object: each part is optional and of type unknown, and is checked by whoever reads it.
  return typeof codec === 'object' && codec !== null ? (codec as IoTsParts) : noParts;
}

/** @internal The codecs of a union, an intersection or a tuple. */
export function membersOf(codec: unknown): readonly unknown[] {
  const { types } = partsOf(codec);
  return Array.isArray(types) ? types : [];
}

/** @internal The codecs of a record's fields. */
export function fieldsOf(codec: unknown): readonly (readonly [string, unknown])[] {
  const { props } = partsOf(codec);
  return typeof props === 'object' && props !== null ? Object.entries(props) : [];
}

/** @internal The codec beneath those that add a check or a promise but no structure of their own. */
export function unwrapped(codec: unknown): unknown {
  let inner = codec;
  for (let tag = partsOf(inner)._tag; isWrapper(tag); tag = partsOf(inner)._tag) inner = partsOf(inner).type;
  return inner;
}

function isWrapper(tag: unknown): boolean {
  return tag === 'ExactType' || tag === 'RefinementType' || tag === 'ReadonlyType' || tag === 'RecursiveType';
}
