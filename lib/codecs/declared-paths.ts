import type { Shape } from './shape.js';

/** Of a type that refers to itself there would be no end. */
const mostPaths = 1000;

/**
 * The paths into the values of a shape, of at most so many steps, with `*` for items and for names that only the value knows: for
 * an error, to say which one was meant.
 *
 * @internal
 */
export function declaredPaths(shape: Shape, steps: number): ReadonlySet<string> {
  const paths = new Set<string>();
  const walk = (inner: Shape, before: readonly string[]): void => {
    if (before.length > 0) paths.add(before.join('.'));
    if (before.length === steps || paths.size >= mostPaths) return;
    const into = (name: string, next: Shape): void => walk(next, [...before, name]);
    switch (inner.kind) {
      case 'record':
        for (const [name, field] of inner.fields) into(name, field);
        return;
      case 'dictionary':
        into('*', inner.values);
        return;
      case 'array':
        into('*', inner.items);
        return;
      case 'tuple':
        for (const item of inner.items) into('*', item);
        return;
      case 'lazy':
        walk(inner.get(), before);
        return;
      case 'union':
        for (const { shape: member } of inner.members) walk(member, before);
        return;
      case 'intersection':
        for (const part of inner.parts) walk(part, before);
        return;
      default:
    }
  };
  walk(shape, []);
  return paths;
}
