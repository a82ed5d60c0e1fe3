import type { CutNumbers } from './state-table.js';

/**
 * The numbers of one state among those of its task. Their names are made once: they are asked for with each record, and a text that is made anew is
 * hashed anew.
 */
export function numbersUnder(state: string, numbers: CutNumbers): CutNumbers {
  const names = new Map<string, string>();
  const under = (name: string): string => {
    let full = names.get(name);
    if (full === undefined) {
      full = `${state}/${name}`;
      names.set(name, full);
    }
    return full;
  };
  return {
    get: name => numbers.get(under(name)),
    set: (name, value) => numbers.set(under(name), value),
  };
}

/** The state that such a name is of, which has no slash in its own. */
export function stateOf(name: string): string {
  return name.slice(0, name.indexOf('/'));
}
