/** Files that import each other in a circle, so that none of them can be read, tested or moved alone. */
import type { Import } from './imports.js';

interface Visited {
  readonly order: number;
  /** The earliest file of the walk that can be reached from here. */
  low: number;
  onStack: boolean;
}

/**
 * The groups of files of which each imports, over others or not, each other: the strongly connected components with more than one
 * file (Tarjan, Depth-first search and linear graph algorithms, 1972). Type-only imports count: they cost nothing at run time, and
 * a reader as much as any.
 */
export function circles(imports: readonly Import[]): string[][] {
  const targets = new Map<string, string[]>();
  for (const { from, to } of imports) {
    const known = targets.get(from);
    if (known === undefined) targets.set(from, [to]);
    else known.push(to);
  }
  const visited = new Map<string, Visited>();
  const stack: string[] = [];
  const found: string[][] = [];

  const visit = (file: string): Visited => {
    const here: Visited = { order: visited.size, low: visited.size, onStack: true };
    visited.set(file, here);
    stack.push(file);
    for (const to of targets.get(file) ?? []) {
      const there = visited.get(to);
      if (there === undefined) here.low = Math.min(here.low, visit(to).low);
      else if (there.onStack) here.low = Math.min(here.low, there.order);
    }
    if (here.low === here.order) {
      const circle = stack.splice(stack.indexOf(file));
      for (const member of circle) Object.assign(visited.get(member) ?? {}, { onStack: false });
      if (circle.length > 1 || targets.get(file)?.includes(file)) found.push(circle.sort());
    }
    return here;
  };

  for (const file of targets.keys()) if (!visited.has(file)) visit(file);
  return found.sort();
}
