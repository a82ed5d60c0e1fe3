import { KafkaRxError } from '../errors/errors.js';
import type { CompiledPath } from './path.js';

/**
 * Masks the fields at the paths. The value is not changed: what lies on the way to a masked field is copied, all else
 * is shared, the order of fields stays, and where nothing changes the value itself comes back.
 *
 * A missing or null field is left alone, and so is a path that ends early (an optional part, another member of a
 * union). A number becomes masked text. Anything else at the end of a path throws `PROCESS` with the path: it cannot be
 * masked, and must not go on unmasked.
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
  for (const path of paths) masked = top(masked, path, mask);
  // The cast holds as far as the structure goes: only text was replaced, by text.
  return masked as V;
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
  return after === before ? value : withField(value, segment, after);
}

function at(value: unknown, path: CompiledPath, depth: number, mask: (text: string) => string): unknown {
  const segment = path.segments[depth];
  if (segment === undefined) return leaf(value, path, mask);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return segment === '*' ? items(value, path, depth, mask) : value;
  if (!Object.hasOwn(value, segment)) return value;
  // An object that has the field: reading it by name is what was just checked.
  const fields = value as Readonly<Record<string, unknown>>;
  const before = fields[segment];
  const after = at(before, path, depth + 1, mask);
  return after === before ? value : withField(fields, segment, after);
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
): readonly unknown[] {
  let copy: unknown[] | undefined;
  for (let i = 0; i < before.length; i++) {
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
