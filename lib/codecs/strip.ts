import {
  type ClosedShape,
  type DictionaryShape,
  intersection,
  type NestedField,
  type RecordShape,
  type Shape,
} from './shape.js';

type Fields = Readonly<Record<string, unknown>>;

/**
 * The way from the root to where the walk is, kept where an undeclared field is refused. A dictionary's keys come from
 * the record and are not named in an error: their segment is `*`.
 *
 * @internal
 */
export interface Trail {
  readonly segments: string[];
  readonly refuse: (path: string) => never;
}

/**
 * Removes the fields that a shape does not declare, at every depth, and every own `__proto__` of a declared object.
 * Copies only what changes: where nothing is undeclared the value itself is the result.
 *
 * @param shape what is declared
 * @param value a value that has passed the type
 * @param trail given: the first undeclared field is refused
 * @internal
 */
export function strip(shape: Shape, value: unknown, trail: Trail | undefined): unknown {
  if (typeof value !== 'object' || value === null) return value;
  switch (shape.kind) {
    case 'leaf':
    case 'open':
      return value;
    case 'record':
      // A record's value has passed its type: it is an object with string keys.
      return Array.isArray(value) ? value : stripRecord(shape, value as Fields, trail);
    case 'dictionary':
      return Array.isArray(value) ? value : stripDictionary(shape, value as Fields, trail);
    case 'array':
    case 'tuple':
      return Array.isArray(value) ? stripItems(shape, value, trail) : value;
    case 'lazy':
      return strip(shape.get(), value, trail);
    case 'union':
    case 'intersection':
      return stripAll(resolve(shape, value), value, trail);
  }
}

function stripRecord(shape: RecordShape, value: Fields, trail: Trail | undefined): Fields {
  const { names, fields, nested } = shape;
  // An instance of a class may bring a `toJSON` that writes what it likes: only its declared fields are kept.
  let copy: Record<string, unknown> | undefined = isPlain(value) ? undefined : {};
  let next = 0;
  for (const name in value) {
    if (name === names[next]) {
      next++;
    } else if (!fields.has(name)) {
      trail?.refuse(trail.segments.join('.'));
      copy = {};
      break;
    }
  }
  if (copy !== undefined) copy = declaredOnly(fields, value);
  for (const { name, segment, shape: inner } of nested) {
    const before = value[name];
    if (typeof before !== 'object' || before === null) continue;
    const after = stripAt(inner, segment, before, trail);
    if (after === before) continue;
    copy ??= { ...value };
    copy[name] = after;
  }
  return copy ?? value;
}

function declaredOnly(fields: ReadonlyMap<string, Shape>, value: Fields): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(value)) if (fields.has(name)) copy[name] = value[name];
  return copy;
}

function stripDictionary(shape: DictionaryShape, value: Fields, trail: Trail | undefined): Fields {
  const entries = Object.entries(value);
  let changed = !isPlain(value);
  const kept: [string, unknown][] = [];
  for (const [key, before] of entries) {
    // An own `__proto__` that is declared is refused by whoever writes it; what was read has none any more.
    if (!shape.declares(key)) {
      trail?.refuse(trail.segments.join('.'));
      changed = true;
      continue;
    }
    const after = stripAt(shape.values, '*', before, trail);
    if (after !== before) changed = true;
    kept.push([key, after]);
  }
  return changed ? Object.fromEntries(kept) : value;
}

function stripItems(shape: Shape, items: readonly unknown[], trail: Trail | undefined): readonly unknown[] {
  let copy: unknown[] | undefined;
  for (let i = 0; i < items.length; i++) {
    const inner = shape.kind === 'array' ? shape.items : shape.kind === 'tuple' ? shape.items[i] : undefined;
    if (inner === undefined || inner.kind === 'leaf') continue;
    const after = stripAt(inner, i, items[i], trail);
    if (after === items[i]) continue;
    copy ??= items.slice();
    copy[i] = after;
  }
  return copy ?? items;
}

function stripAt(shape: Shape, segment: string | number, value: unknown, trail: Trail | undefined): unknown {
  if (trail === undefined) return strip(shape, value, undefined);
  trail.segments.push(String(segment));
  const stripped = strip(shape, value, trail);
  trail.segments.pop();
  return stripped;
}

/** The shapes without unions, intersections and recursion that this value is to be held against. */
function resolve(shape: Shape, value: object): readonly ClosedShape[] {
  switch (shape.kind) {
    case 'lazy':
      return resolve(shape.get(), value);
    case 'intersection':
      return shape.parts.flatMap(part => resolve(part, value));
    case 'union': {
      const matching = shape.members.filter(member => member.matches(value));
      const [first] = matching;
      if (first?.exact) return resolve(first.shape, value);
      return matching.flatMap(member => resolve(member.shape, value));
    }
    default:
      return [shape];
  }
}

/** Several shapes at once: what any of them declares is kept, and within it what any of those declares. */
function stripAll(shapes: readonly ClosedShape[], value: object, trail: Trail | undefined): unknown {
  const [first] = shapes;
  if (first !== undefined && shapes.length === 1) return strip(first, value, trail);
  if (shapes.some(shape => shape.kind === 'open')) return value;
  const innerOf = (key: string): Shape | undefined => {
    const inner = shapes.map(shape => declaredAt(shape, key)).filter(known => known !== undefined);
    return inner.length === 0 ? undefined : intersection(inner);
  };
  if (Array.isArray(value)) {
    return stripItems(
      { kind: 'tuple', items: value.map((_, i) => innerOf(String(i)) ?? { kind: 'open' }) },
      value,
      trail,
    );
  }
  const fields = new Map<string, Shape>();
  const nested: NestedField[] = [];
  for (const name of Object.keys(value)) {
    const inner = name === '__proto__' ? undefined : innerOf(name);
    if (inner === undefined) continue;
    fields.set(name, inner);
    const named = shapes.some(shape => shape.kind === 'record' && shape.fields.has(name));
    nested.push({ name, segment: named ? name : '*', shape: inner });
  }
  const shape: RecordShape = { kind: 'record', fields, names: [], nested };
  // Not an array, so an object with string keys.
  return stripRecord(shape, value as Fields, trail);
}

function declaredAt(shape: ClosedShape, key: string): Shape | undefined {
  switch (shape.kind) {
    case 'record':
      return shape.fields.get(key);
    case 'dictionary':
      return shape.declares(key) ? shape.values : undefined;
    case 'array':
      return shape.items;
    case 'tuple':
      return shape.items[Number(key)];
    default:
      return undefined;
  }
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
