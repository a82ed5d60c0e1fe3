import { fieldOf } from '../errors/field-of.js';
import { membersOf, partsOf, unwrapped } from './io-ts-shape.js';

/** Where in a value a type was not met, and which type it was. @internal */
export interface Failure {
  /** Such as `items.0.price`; empty for the value itself. */
  readonly path: string;
  /** The expected type's name. */
  readonly expected: string;
}

const longest = 80;

/**
 * Reads io-ts's errors without their values. Of several the deepest is told: in a union it belongs to the member that
 * fits best.
 *
 * @param left io-ts's `Errors`; anything else yields an empty path
 * @param name the type's name, for what cannot be read
 * @internal
 */
export function failureOf(left: unknown, name: string): Failure {
  let deepest: { segments: readonly string[]; expected: string } | undefined;
  for (const error of Array.isArray(left) ? left : []) {
    const found = locate(contextOf(error), name);
    if (deepest === undefined || found.segments.length > deepest.segments.length) deepest = found;
  }
  return { path: deepest?.segments.join('.') ?? '', expected: shortened(deepest?.expected ?? name) };
}

function locate(
  context: readonly unknown[],
  name: string,
): { segments: readonly string[]; expected: string } {
  const segments: string[] = [];
  let expected = nameOf(entryType(context[0]), name);
  for (let i = 1; i < context.length; i++) {
    const segment = fieldName(entryType(context[i - 1]), entryKey(context[i]));
    if (segment === undefined) continue;
    segments.push(segment);
    expected = nameOf(entryType(context[i]), name);
  }
  return { segments, expected };
}

/**
 * What an error may call the step from `parent` to `key`: a declared field and an index by their names; a dictionary's
 * key, which came with the record, as `*`; undefined for the numbers that io-ts gives the members of unions and
 * intersections, which are no fields.
 */
function fieldName(parent: unknown, key: string): string | undefined {
  const inner = unwrapped(parent);
  const { _tag, props } = partsOf(inner);
  switch (_tag) {
    case 'UnionType':
    case 'IntersectionType':
      return membersOf(inner)[Number(key)] === undefined ? '*' : undefined;
    case 'ArrayType':
    case 'ReadonlyArrayType':
    case 'TupleType':
      return key;
    case 'InterfaceType':
    case 'PartialType':
    case 'StrictType':
      return typeof props === 'object' && props !== null && Object.hasOwn(props, key) ? key : '*';
    default:
      return '*';
  }
}

function contextOf(error: unknown): readonly unknown[] {
  const context = fieldOf(error, 'context');
  return Array.isArray(context) ? context : [];
}

function entryType(entry: unknown): unknown {
  return partsOf(entry).type;
}

function entryKey(entry: unknown): string {
  const key = fieldOf(entry, 'key');
  return typeof key === 'string' ? key : '';
}

function nameOf(type: unknown, otherwise: string): string {
  const { name } = partsOf(type);
  return typeof name === 'string' ? name : otherwise;
}

/** @internal io-ts names an anonymous record after all its fields; an error needs no more than its beginning. */
export function shortened(name: string): string {
  return name.length <= longest ? name : `${name.slice(0, longest - 1)}…`;
}
