import { fieldsOf, membersOf, partsOf } from './io-ts-shape.js';

/**
 * Which fields a type declares, at every depth: read once from an io-ts codec, walked for every record.
 *
 * - `leaf`: a primitive. `open`: everything inside is declared (`t.unknown`, and codecs that cannot be read).
 * - `union` and `lazy` are resolved against a value, `intersection` declares what any of its parts declares.
 *
 * @internal
 */
export type Shape = ClosedShape | UnionShape | IntersectionShape | LazyShape;

/** @internal The shapes that need no value to be resolved. */
export type ClosedShape =
  | { readonly kind: 'leaf' }
  | { readonly kind: 'open' }
  | RecordShape
  | DictionaryShape
  | ArrayShape
  | TupleShape;

/** @internal */
export interface RecordShape {
  readonly kind: 'record';
  readonly fields: ReadonlyMap<string, Shape>;
  /** The declared names in their order: records mostly come in it, and comparing beats looking up. */
  readonly names: readonly string[];
  /** The fields with something inside; empty for the flat records of the hot path. */
  readonly nested: readonly NestedField[];
}

/** @internal A field with something inside. */
export interface NestedField {
  readonly name: string;
  /** What an error calls it: its name, or `*` where the name comes from the record. */
  readonly segment: string;
  readonly shape: Shape;
}

/** @internal */
export interface DictionaryShape {
  readonly kind: 'dictionary';
  readonly declares: Test;
  readonly values: Shape;
}

/** @internal */
export interface ArrayShape {
  readonly kind: 'array';
  readonly items: Shape;
}

/** @internal */
export interface TupleShape {
  readonly kind: 'tuple';
  readonly items: readonly Shape[];
}

/** @internal */
export interface UnionShape {
  readonly kind: 'union';
  readonly members: readonly {
    readonly matches: Test;
    readonly shape: Shape;
    /** io-ts strips to the first member that matches when that one is exact; so do we. */
    readonly exact: boolean;
  }[];
}

/** @internal */
export interface IntersectionShape {
  readonly kind: 'intersection';
  readonly parts: readonly Shape[];
}

/** @internal A recursive type: read when the first value reaches it. */
export interface LazyShape {
  readonly kind: 'lazy';
  readonly get: () => Shape;
}

type Test = (value: unknown) => boolean;

/** @internal How a union's member is told: by its `is` for decoded values, by its `decode` for raw ones. */
export type Side = 'decoded' | 'raw';

const leaf: Shape = { kind: 'leaf' };
const open: Shape = { kind: 'open' };

/**
 * Reads the shape of an io-ts codec, by its `_tag`s.
 *
 * @param codec an io-ts codec, or anything else, which is `open`
 * @param side whether decoded or raw values will be walked
 * @internal
 */
export function shapeOf(codec: unknown, side: Side): Shape {
  return read(codec, side, new Map());
}

function read(codec: unknown, side: Side, seen: Map<unknown, Shape>): Shape {
  const parts = partsOf(codec);
  switch (parts._tag) {
    case 'StringType':
    case 'NumberType':
    case 'BigIntType':
    case 'BooleanType':
    case 'NullType':
    case 'UndefinedType':
    case 'VoidType':
    case 'LiteralType':
    case 'KeyofType':
    case 'NeverType':
      return leaf;
    case 'InterfaceType':
    case 'PartialType':
    case 'StrictType':
      return record(fieldsOf(codec).map(([name, field]) => [name, read(field, side, seen)] as const));
    case 'ExactType':
    case 'RefinementType':
    case 'ReadonlyType':
      return read(parts.type, side, seen);
    case 'RecursiveType':
      return recursive(codec, side, seen);
    case 'ArrayType':
    case 'ReadonlyArrayType':
      return { kind: 'array', items: read(parts.type, side, seen) };
    case 'TupleType':
      return { kind: 'tuple', items: membersOf(codec).map(item => read(item, side, seen)) };
    case 'DictionaryType':
      return {
        kind: 'dictionary',
        declares: test(parts.domain, side),
        values: read(parts.codomain, side, seen),
      };
    case 'UnionType':
      return union(membersOf(codec), side, seen);
    case 'IntersectionType':
      return intersection(membersOf(codec).map(part => read(part, side, seen)));
    default:
      return open;
  }
}

function record(fields: readonly (readonly [string, Shape])[]): RecordShape {
  // An own `__proto__` is never carried over, even where it is declared: an assignment of it would change a prototype.
  const declared = fields.filter(([name]) => name !== '__proto__');
  return {
    kind: 'record',
    fields: new Map(declared),
    names: declared.map(([name]) => name),
    nested: declared
      .filter(([, shape]) => shape.kind !== 'leaf' && shape.kind !== 'open')
      .map(([name, shape]) => ({ name, segment: name, shape })),
  };
}

function recursive(codec: unknown, side: Side, seen: Map<unknown, Shape>): Shape {
  const known = seen.get(codec);
  if (known !== undefined) return known;
  let shape: Shape | undefined;
  const lazy: Shape = {
    kind: 'lazy',
    get: () => {
      shape ??= read(partsOf(codec).type, side, seen);
      return shape;
    },
  };
  seen.set(codec, lazy);
  return lazy;
}

function union(codecs: readonly unknown[], side: Side, seen: Map<unknown, Shape>): Shape {
  const members = codecs.map(codec => ({
    matches: test(codec, side),
    shape: read(codec, side, seen),
    exact: isExact(codec),
  }));
  const structured = members.filter(({ shape }) => shape.kind !== 'leaf');
  const [only] = structured;
  if (only === undefined) return leaf;
  // `X | null`: an object that has passed the type is an X, so there is nothing to ask.
  return structured.length === 1 ? only.shape : { kind: 'union', members };
}

/** @internal Declares what any of the parts declares. */
export function intersection(parts: readonly Shape[]): Shape {
  const structured = parts.filter(part => part.kind !== 'leaf');
  const [first] = structured;
  if (first === undefined) return leaf;
  if (structured.length === 1) return first;
  if (structured.some(part => part.kind === 'open')) return open;
  const records = structured.filter(part => part.kind === 'record');
  if (records.length < structured.length) return { kind: 'intersection', parts: structured };
  const fields = new Map<string, Shape>();
  for (const { fields: more } of records) {
    for (const [name, shape] of more) {
      const known = fields.get(name);
      fields.set(name, known === undefined ? shape : intersection([known, shape]));
    }
  }
  return record([...fields]);
}

function isExact(codec: unknown): boolean {
  const { _tag, type } = partsOf(codec);
  return _tag === 'ExactType' || ((_tag === 'RefinementType' || _tag === 'ReadonlyType') && isExact(type));
}

function test(codec: unknown, side: Side): Test {
  const { is, decode } = partsOf(codec);
  if (side === 'decoded' && typeof is === 'function') return value => is.call(codec, value) === true;
  if (typeof decode !== 'function') return () => true;
  return value => partsOf(decode.call(codec, value))._tag === 'Right';
}
