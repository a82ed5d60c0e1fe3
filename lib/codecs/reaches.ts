import type { Shape } from './shape.js';

/**
 * Whether a path can lead to something in the values of a shape: `declared` as far as the path goes, `open` where it enters
 * what no shape tells of, `never` where no value has it.
 *
 * @internal
 */
export type Reach = 'never' | 'open' | 'declared';

/** @internal */
export function reachOf(shape: Shape, segments: readonly string[]): Reach {
  const [segment, ...rest] = segments;
  switch (shape.kind) {
    case 'lazy':
      return reachOf(shape.get(), segments);
    case 'union':
      return furthest(shape.members.map(member => reachOf(member.shape, segments)));
    case 'intersection':
      return furthest(shape.parts.map(part => reachOf(part, segments)));
    default:
  }
  if (segment === undefined) return 'declared';
  switch (shape.kind) {
    case 'open':
      return 'open';
    case 'leaf':
      return 'never';
    case 'record': {
      const fields = segment === '*' ? [...shape.fields.values()] : [shape.fields.get(segment)];
      return furthest(fields.map(field => (field === undefined ? 'never' : reachOf(field, rest))));
    }
    case 'dictionary':
      return reachOf(shape.values, rest);
    case 'array':
      return isItem(segment) ? reachOf(shape.items, rest) : 'never';
    case 'tuple':
      return isItem(segment) ? furthest(shape.items.map(item => reachOf(item, rest))) : 'never';
  }
}

const isItem = (segment: string): boolean => segment === '*' || /^\d+$/.test(segment);

/** Where one member's value may hold anything, what the path leads to has to be looked for in what was written. */
function furthest(reaches: readonly Reach[]): Reach {
  if (reaches.includes('open')) return 'open';
  return reaches.includes('declared') ? 'declared' : 'never';
}

/** The names of the fields at the place where a path leaves what is declared, for an error. @internal */
export function declaredNames(shape: Shape, segments: readonly string[]): readonly string[] {
  const [segment, ...rest] = segments;
  switch (shape.kind) {
    case 'lazy':
      return declaredNames(shape.get(), segments);
    case 'union':
      return [...new Set(shape.members.flatMap(member => declaredNames(member.shape, segments)))];
    case 'intersection':
      return [...new Set(shape.parts.flatMap(part => declaredNames(part, segments)))];
    case 'record': {
      const field = segment === undefined ? undefined : shape.fields.get(segment);
      return field === undefined ? shape.names : declaredNames(field, rest);
    }
    case 'dictionary':
      return segment === undefined ? ['*'] : declaredNames(shape.values, rest);
    case 'array':
      return segment === '*' ? declaredNames(shape.items, rest) : ['*'];
    default:
      return [];
  }
}
