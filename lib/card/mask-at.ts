import { isProxy } from 'node:util/types';
import { KafkaRxError } from '../errors/errors.js';
import { isIndex, isLeftUnmasked } from './left-unmasked.js';
import type { CompiledPath } from './path.js';

/**
 * Masks the fields at the paths. The value is not changed: what lies on the way to a masked field is copied, all else
 * is shared, the order of fields stays, and where nothing changes the value itself comes back.
 *
 * A missing or null field is left alone, and so is a path that ends early (an optional part, another member of a
 * union), unless all paths together leave a card's number there: as text in the place of an object, or in a list where the path
 * names a field. That throws `PROCESS`, and so does a Map or Set with what the path leads to. A number becomes masked text. Anything else at the end of a path throws `PROCESS` with the path: it
 * cannot be masked, and must not go on unmasked. So does a field that is not the value's own (inherited, or an accessor of its
 * class): what a copy would mask, whoever reads the value itself would still find. `*` is every element of an array and
 * every own field of an object; a number is one element of an array.
 *
 * The result has the type `Masked<V, P>`, which `mask` gives it.
 *
 * @param value the decoded value
 * @param paths what {@link compilePath} made of the paths
 * @param mask must be idempotent, as `maskCardNumber` is
 * @category Privacy @since 0.1.0
 */
export function maskAt<V>(value: V, paths: readonly CompiledPath[], mask: (text: string) => string): V {
  let masked: unknown = value;
  endedEarly = false;
  for (const path of paths) masked = top(masked, path, mask);
  // Rare, and only now is it known what the other paths have masked there.
  if (endedEarly) refuseLeftUnmasked(masked, paths);
  // The cast holds as far as the structure goes: only text was replaced, by text.
  return masked as V;
}

/** A path came to something that it does not lead into. Nothing here waits, so that one is enough. */
let endedEarly = false;

function refuseLeftUnmasked(value: unknown, paths: readonly CompiledPath[]): void {
  for (const { path, segments } of paths) {
    if (!isLeftUnmasked(value, segments)) continue;
    throw new KafkaRxError('PROCESS', `${path} cannot be masked: a number stands where it names no field`, {
      path,
      remedy: 'Give mask a path to where the number stands, beside this one: * for the items of a list',
    });
  }
}

/** The usual case without a walk: a field of text at the top of a record that has it. */
function top(value: unknown, path: CompiledPath, mask: (text: string) => string): unknown {
  const [segment] = path.segments;
  if (path.segments.length > 1 || typeof value !== 'object' || value === null || Array.isArray(value)) {
    return at(value, path, 0, mask);
  }
  // What the field's name reaches must be the value's own.
  const before = (value as Readonly<Record<string, unknown>>)[segment];
  if (typeof before !== 'string' || !Object.hasOwn(value, segment)) return at(value, path, 0, mask);
  const after = mask(before);
  if (after !== before) return withField(value, segment, after);
  return isData(value, segment) ? value : withField(value, segment, after);
}

/** Masked already, it may go on as it is, unless it answers something else the next time. Rare: off the usual way. */
function isData(value: object, segment: string): boolean {
  return !isProxy(value) && Object.getOwnPropertyDescriptor(value, segment)?.get === undefined;
}

function at(value: unknown, path: CompiledPath, depth: number, mask: (text: string) => string): unknown {
  const segment = path.segments[depth];
  if (segment === undefined) return leaf(value, path, mask);
  if (typeof value !== 'object' || value === null) {
    if (value !== undefined && value !== null) endedEarly = true;
    return value;
  }
  if (Array.isArray(value)) {
    if (segment === '*') return items(value, path, depth, mask, 0, value.length);
    const index = isIndex(segment) ? Number(segment) : value.length;
    if (index < value.length) return items(value, path, depth, mask, index, index + 1);
    endedEarly = true;
    return value;
  }
  if (value instanceof Map || value instanceof Set) return entries(value, path, segment);
  if (segment === '*') return fieldsOf(value, path, depth, mask);
  if (!Object.hasOwn(value, segment)) return notOwn(value, path, segment);
  // An object that has the field: reading it by name is what was just checked.
  const fields = value as Readonly<Record<string, unknown>>;
  const before = fields[segment];
  const after = at(before, path, depth + 1, mask);
  return after === before && isData(value, segment) ? value : withField(fields, segment, after);
}

/** A field that is missing, which is well, or one that its class or prototype has. */
function notOwn(value: object, { path }: CompiledPath, segment: string): object {
  if (!(segment in value) || segment in Object.prototype) return value;
  throw new KafkaRxError('PROCESS', `${path} cannot be masked: it is no field of the value's own`, {
    path,
    remedy: 'Make a plain object of the value before mask, with mapValue',
  });
}

/** Nobody would know a copy for what it was made of. */
function entries(
  value: ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>,
  { path }: CompiledPath,
  segment: string,
): object {
  if (segment === '*' ? value.size === 0 : !value.has(segment) || value instanceof Set) return value;
  throw new KafkaRxError('PROCESS', `${path} cannot be masked: it leads into a Map or a Set`, {
    path,
    remedy: 'Make a plain object or list of it before mask, with mapValue',
  });
}

/** Every own field of an object: of a Record whose names only the value knows. */
function fieldsOf(value: object, path: CompiledPath, depth: number, mask: (text: string) => string): object {
  let copy: Record<string, unknown> | undefined;
  for (const [name, before] of Object.entries(value)) {
    const after = at(before, path, depth + 1, mask);
    if (after === before && isData(value, name)) continue;
    copy ??= { ...value };
    // Its own already, `__proto__` too: assigned, it stays a field like any other.
    copy[name] = after;
  }
  return copy ?? value;
}

/** Assigned to the copy rather than named in the literal: a computed name there costs 75 ns against 27. */
function withField(value: object, segment: string, after: unknown): object {
  const copy: Record<string, unknown> = { ...value };
  copy[segment] = after;
  return copy;
}

function items(
  before: readonly unknown[],
  path: CompiledPath,
  depth: number,
  mask: (text: string) => string,
  from: number,
  to: number,
): readonly unknown[] {
  let copy: unknown[] | undefined;
  for (let i = from; i < to; i++) {
    const after = at(before[i], path, depth + 1, mask);
    if (after === before[i]) continue;
    copy ??= before.slice();
    copy[i] = after;
  }
  return copy ?? before;
}

function leaf(value: unknown, path: CompiledPath, mask: (text: string) => string): unknown {
  if (typeof value === 'string') return mask(value);
  if (value === undefined || value === null) return value;
  if (typeof value === 'number') return mask(String(value));
  throw new KafkaRxError(
    'PROCESS',
    `${path.path} cannot be masked: it is of type ${typeof value} and not text`,
    {
      path: path.path,
      remedy: 'Give mask a path that leads to text',
    },
  );
}
