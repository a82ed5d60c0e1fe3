import { kind, written } from '../base/option-kinds.js';
import type { Kind } from '../base/option-schema.js';
import { isPath } from './path.js';

const wants = "a path of names with dots between, and * for all of an array, such as 'lines.*.number'";

/** Items as JavaScript writes them, the root of JSONPath and JSON Pointer: no record has a field of such a name. */
const otherNotation = /\[(?:\d+|\*|'[^']*'|"[^"]*")\]|^\$(?:\.|$)|^\//;

/** A path among options. What belongs to another notation, or has blanks around a name, leads nowhere. */
export const pathKind: Kind = kind(wants, given => {
  if (typeof given !== 'string') return false;
  if (isPath(given) && !otherNotation.test(given) && !/(?:^|\.)\s|\s(?:\.|$)/.test(given)) return true;
  const meant = inOurs(given);
  const remedy = isPath(meant) && meant !== given ? `Write '${meant}'` : undefined;
  return { ...written(wants, given), remedy };
});

/** The same path, as far as that can be told. */
function inOurs(given: string): string {
  return given
    .replace(/\[(?:(\d+|\*)|'([^']*)'|"([^"]*)")\]/g, (_, item, one, two) => `.${item ?? one ?? two}`)
    .replace(/^\$/, '')
    .replace(/^\/.*/, pointer => pointer.replaceAll('/', '.'))
    .split('.')
    .map(name => name.trim())
    .filter(name => name !== '')
    .join('.');
}
