import type { ClosedShape, Shape } from './shape.js';

/** @internal Where a type has a record stands something of which nothing would be written; where, is for whoever catches it. */
export class WithoutFields extends Error {}

/**
 * A copy of what a shape declares of a value, as plain data, each field read once: what is checked of the copy is what is
 * written of it, whatever the value's accessors answer the second time. A field that an instance has from its class (an
 * accessor, or inherited data) counts as one of its own, as it does to the type's `is`.
 *
 * Undeclared fields of plain objects come along, for {@link strip} to remove or refuse. What is `open` is not copied.
 *
 * @internal
 */
export function plainCopy(shape: Shape, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  switch (shape.kind) {
    case 'leaf':
    case 'open':
      return value;
    case 'lazy':
      return plainCopy(shape.get(), value);
    case 'record': {
      if (Array.isArray(value)) return value;
      const copy = fieldsOf(value, () => shape.names);
      for (const { name, shape: inner } of shape.nested) {
        const before = copy[name];
        if (typeof before === 'object' && before !== null) copy[name] = plainCopy(inner, before);
      }
      return copy;
    }
    default:
      return copyOfAny(closed(shape), value);
  }
}

/** Of several shapes whatever any of them declares is copied: which of them the value is of is asked of the copy. */
function copyOfAny(shapes: readonly ClosedShape[], value: object): unknown {
  if (shapes.some(({ kind }) => kind === 'open')) return value;
  if (Array.isArray(value)) {
    // By index, so that a hole is undefined to whoever asks.
    return Array.from(value, (item: unknown, i) => copyWithin(shapes, String(i), item));
  }
  const copy = fieldsOf(value, () => shapes.flatMap(shape => (shape.kind === 'record' ? shape.names : [])));
  for (const [name, before] of Object.entries(copy)) {
    if (typeof before !== 'object' || before === null) continue;
    // Defined and not assigned: an own `__proto__` is a name like any other until it is removed.
    const after = {
      value: copyWithin(shapes, name, before),
      enumerable: true,
      configurable: true,
      writable: true,
    };
    Object.defineProperty(copy, name, after);
  }
  return copy;
}

function copyWithin(shapes: readonly ClosedShape[], name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return copyOfAny(
    shapes.flatMap(shape => declaredAt(shape, name).flatMap(closed)),
    value,
  );
}

function declaredAt(shape: ClosedShape, name: string): readonly Shape[] {
  switch (shape.kind) {
    case 'record':
      return atMostOne(shape.fields.get(name));
    case 'dictionary':
      return [shape.values];
    case 'array':
      return [shape.items];
    case 'tuple':
      return atMostOne(shape.items[Number(name)]);
    default:
      return [];
  }
}

const atMostOne = (shape: Shape | undefined): readonly Shape[] => (shape === undefined ? [] : [shape]);

/** The shapes that a shape stands for, without unions, intersections and recursion. */
function closed(shape: Shape): readonly ClosedShape[] {
  switch (shape.kind) {
    case 'lazy':
      return closed(shape.get());
    case 'union':
      return shape.members.flatMap(member => closed(member.shape));
    case 'intersection':
      return shape.parts.flatMap(closed);
    default:
      return [shape];
  }
}

/** An object's fields. */
function fieldsOf(value: object, names: () => readonly string[]): Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return { ...value };
  if (fieldless.test(Object.prototype.toString.call(value)) || ArrayBuffer.isView(value)) {
    // io-ts takes every object for a record, and nothing of this one would be written.
    throw new WithoutFields(nothingOfIt);
  }
  const copy: Record<string, unknown> = { ...value };
  for (const name of names()) {
    if (Object.hasOwn(copy, name) || !hasFromClass(value, name)) continue;
    copy[name] = (value as Readonly<Record<string, unknown>>)[name];
  }
  if (Object.keys(copy).length === 0) throw new WithoutFields(nothingOfIt);
  return copy;
}

const nothingOfIt = 'a Map, Date or the like, without fields, stands where its type has a record';

const fieldless =
  /^\[object (?:Map|Set|WeakMap|WeakSet|Date|RegExp|Promise|ArrayBuffer|SharedArrayBuffer|Number|String|Boolean|BigInt|Symbol|Error)\]$/;

/** A chain that is longer is none that a class makes; a Proxy can make one that never ends. */
const mostPrototypes = 64;

function hasFromClass(value: object, name: string): boolean {
  let from: object | null = value;
  for (let i = 0; i < mostPrototypes && from !== null && from !== Object.prototype; i++) {
    if (Object.hasOwn(from, name)) return true;
    from = Object.getPrototypeOf(from) as object | null;
  }
  return false;
}
