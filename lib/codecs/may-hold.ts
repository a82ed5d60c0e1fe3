import type { ProtectedField } from '../card/protected-field.js';
import type { Shape } from './shape.js';

/**
 * Whether the values of a shape can have something under a field's name, at any depth. Asked once for an encoder: what cannot is
 * never looked for.
 *
 * @internal
 */
export function mayHold(shape: Shape, { name }: Pick<ProtectedField, 'name'>): boolean {
  return anyPart(shape, new Set(), part => {
    if (part.kind === 'open' || name === undefined) return true;
    return part.kind === 'dictionary' || (part.kind === 'record' && part.fields.has(name));
  });
}

/** Whether there is a part of which no type tells. @internal */
export function hasOpenPart(shape: Shape): boolean {
  return anyPart(shape, new Set(), ({ kind }) => kind === 'open');
}

function anyPart(shape: Shape, seen: Set<Shape>, is: (part: Shape) => boolean): boolean {
  if (seen.has(shape)) return false;
  seen.add(shape);
  return is(shape) || insideOf(shape).some(inner => anyPart(inner, seen, is));
}

function insideOf(shape: Shape): readonly Shape[] {
  switch (shape.kind) {
    case 'lazy':
      return [shape.get()];
    case 'union':
      return shape.members.map(member => member.shape);
    case 'intersection':
      return shape.parts;
    case 'record':
      return [...shape.fields.values()];
    case 'dictionary':
      return [shape.values];
    case 'array':
      return [shape.items];
    case 'tuple':
      return shape.items;
    default:
      return [];
  }
}
