/**
 * The way to a node of the topology as text, by names alone: `in -> mapValue -> filterValue => a, b` is the node `filterValue` below
 * `mapValue` below the source `in`, with the sinks `a` and `b` below it. No number is in it that is given while wiring or running.
 *
 * `way ~ name` is an operator that was made below the node while records flowed; `* ~ name` is one that the topology does not know, inside
 * a plain rxjs operator.
 */
import { createHash } from 'node:crypto';

/** Characters of what stands before or behind a node's own name, at most; what is longer is a digest. */
const longest = 200;

/** A name in a way, which has `>`, `~`, `|`, `,` and `*` for its own use. */
function nameForWay(name: string): string {
  return name.replace(/[%>~|,*]/g, character => `%${character.charCodeAt(0).toString(16)}`);
}

/** @param above the ways of the nodes that it is below, without their sinks */
export function wayBelow(above: readonly string[], name: string): string {
  const own = nameForWay(name);
  if (above.length === 0) return own;
  const [one = ''] = above;
  return `${bounded(above.length === 1 ? one : `(${[...above].sort().join(' | ')})`)} -> ${own}`;
}

export function withSinks(way: string, sinks: readonly string[]): string {
  return sinks.length === 0 ? way : `${way} => ${bounded([...sinks].map(nameForWay).sort().join(', '))}`;
}

/** @param way of the node below which it was made; undefined: the topology does not know of it */
export function wayOfUnwired(way: string | undefined, name: string): string {
  return `${way ?? unknown} ~ ${nameForWay(name)}`;
}

const unknown = '*';

/** The wired node that a way leads to, or below which it goes on; undefined where the topology did not know. */
export function wiredPart(way: string): string | undefined {
  const [wired = ''] = way.split(' ~ ');
  return wired === unknown ? undefined : wired;
}

/** The name of the node that a way leads to. */
export function nameInWay(way: string): string {
  const [, made] = way.split(' ~ ');
  const own = made ?? (way.split(' => ')[0] ?? '').split(' -> ').at(-1) ?? '';
  return own.replace(/%([0-9a-f]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

/** Whether a way leads to the node with this id: its name, or that and a number. */
export function leadsTo(way: string, id: string): boolean {
  const name = nameInWay(way);
  return id === name || (id.startsWith(`${name} #`) && isNumbered(id));
}

/** Whether an id ends in a number that was given in the order of wiring or of discovery. */
export function isNumbered(id: string): boolean {
  return / #\d+$/.test(id);
}

function bounded(text: string): string {
  if (text.length <= longest) return text;
  return `…${createHash('sha256').update(text, 'utf16le').digest('hex').slice(0, 16)}`;
}
