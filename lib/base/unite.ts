import { compare } from './compare.js';

/** Each member's group, named by its first member: disjoint sets of the groups that overlap. */
export function unite(groups: readonly (readonly string[])[]): Map<string, string> {
  const parent = new Map<string, string>();
  const root = (member: string): string => {
    let at = member;
    for (let up = parent.get(at); up !== undefined && up !== at; up = parent.get(at)) at = up;
    return at;
  };
  for (const group of groups) {
    for (const member of group) {
      const [a, b] = [root(group[0] ?? member), root(member)].sort(compare);
      if (a === undefined || b === undefined) continue;
      parent.set(a, a);
      parent.set(b, a);
    }
  }
  return new Map([...parent.keys()].map(member => [member, root(member)]));
}
