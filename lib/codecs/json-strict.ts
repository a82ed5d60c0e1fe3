/**
 * What JSON.parse lets pass and a stream must not: names given twice (the last one wins silently, so two readers may see
 * two different values), numbers that lose digits, depths that overflow the stack of whoever walks them next.
 *
 * One walk over the value finds all but the doubled names. Those cannot be seen in a value; they show in the bytes as one
 * name more than the value has. Only where something is amiss is it looked for exactly.
 */

/** @internal */
export interface JsonLimits {
  readonly maxDepth: number;
  readonly duplicateKeys: 'refuse' | 'last';
  readonly unsafeNumbers: 'refuse' | 'allow';
}

/** @internal A rule that a value breaks, and where: names as they stand in the record, indices as text. */
export interface Breach {
  readonly rule: 'too-deep' | 'duplicate-key' | 'unsafe-number';
  readonly path: readonly string[];
}

/** @internal What the walk saw. */
export interface Seen {
  /** The first breach that shows in the value. */
  readonly breach: Breach | undefined;
  /** An object has an own `__proto__`. */
  readonly proto: boolean;
}

const nothingAmiss: Seen = { breach: undefined, proto: false };

/**
 * Looks at what JSON.parse made of the bytes.
 *
 * @internal
 */
export function lookAt(value: unknown, bytes: Buffer, limits: JsonLimits): Seen {
  const names =
    typeof value === 'object' && value !== null ? countNames(value, limits, 1) : scalar(value, limits);
  if (names >= 0 && (limits.duplicateKeys === 'last' || names === namesIn(bytes))) return nothingAmiss;
  return lookClosely(value, bytes, limits);
}

const amiss = Number.NEGATIVE_INFINITY;

function scalar(value: unknown, limits: JsonLimits): number {
  return typeof value === 'number' && isUnsafe(value, limits) ? amiss : 0;
}

/** The names in all objects of the value; negative when something is amiss. */
function countNames(value: object, limits: JsonLimits, depth: number): number {
  if (depth > limits.maxDepth) return amiss;
  let names = 0;
  if (Array.isArray(value)) {
    for (const item of value) {
      if (typeof item === 'object' && item !== null) names += countNames(item, limits, depth + 1);
      else if (typeof item === 'number' && isUnsafe(item, limits)) return amiss;
    }
    return names;
  }
  // Inherited names, where somebody has polluted Object.prototype, make the numbers differ: then it is looked at closely.
  for (const name in value) {
    if (name === '__proto__') return amiss;
    names++;
    const inner: unknown = (value as Readonly<Record<string, unknown>>)[name];
    if (typeof inner === 'object') {
      if (inner !== null) names += countNames(inner, limits, depth + 1);
    } else if (typeof inner === 'number' && isUnsafe(inner, limits)) return amiss;
  }
  return names;
}

/** Beyond 2^53 an integer may have lost digits on the way, and beyond 1e308 it has become infinite. */
function isUnsafe(value: number, { unsafeNumbers }: JsonLimits): boolean {
  if (value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER) return false;
  return unsafeNumbers === 'refuse' || !Number.isFinite(value);
}

const quote = 0x22;
const colon = 0x3a;
const space = 0x20;

/**
 * How often a quote and a colon meet: once for each name, and more where a text begins with a colon or holds an escaped
 * quote. -1 where a blank stands before a colon, since a name may then be missed. Whatever differs from the names of the
 * value is looked at closely.
 */
function namesIn(bytes: Buffer): number {
  let names = 0;
  for (let i = 1; i < bytes.length; i++) {
    if (bytes[i] !== colon) continue;
    const before = bytes[i - 1] ?? 0;
    if (before === quote) names++;
    else if (before <= space) return -1;
  }
  return names;
}

/** Off the hot path: the same rules, exactly, with the place. */
function lookClosely(root: unknown, bytes: Buffer, limits: JsonLimits): Seen {
  let proto = false;
  // A stack of its own: JSON.parse takes depths that recursion does not.
  const pending: { readonly value: unknown; readonly path: readonly string[]; readonly depth: number }[] = [
    { value: root, path: [], depth: 1 },
  ];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value, path, depth } = next;
    if (typeof value === 'number' && isUnsafe(value, limits)) {
      return { breach: { rule: 'unsafe-number', path }, proto };
    }
    if (typeof value !== 'object' || value === null) continue;
    if (depth > limits.maxDepth) return { breach: { rule: 'too-deep', path }, proto };
    if (!Array.isArray(value) && Object.hasOwn(value, '__proto__')) proto = true;
    for (const [name, inner] of Object.entries(value).reverse()) {
      if (typeof inner === 'object' || typeof inner === 'number') {
        pending.push({ value: inner, path: [...path, name], depth: depth + 1 });
      }
    }
  }
  const path = limits.duplicateKeys === 'refuse' ? doubledName(bytes.toString()) : undefined;
  return { breach: path && { rule: 'duplicate-key', path }, proto };
}

interface Level {
  /** The names so far; undefined in an array. */
  readonly names: Set<string> | undefined;
  /** The name, or the index, of where the reader is. */
  at: string;
  index: number;
}

/** The path of the first name that its object has already; the text is known to be JSON. */
function doubledName(text: string): readonly string[] | undefined {
  const levels: Level[] = [];
  let nameNext = false;
  for (let i = 0; i < text.length; i++) {
    const level = levels.at(-1);
    switch (text[i]) {
      case '{':
        levels.push({ names: new Set(), at: '', index: 0 });
        nameNext = true;
        break;
      case '[':
        levels.push({ names: undefined, at: '0', index: 0 });
        nameNext = false;
        break;
      case '}':
      case ']':
        levels.pop();
        nameNext = false;
        break;
      case ',':
        if (level?.names === undefined) {
          if (level !== undefined) level.at = String(++level.index);
        } else nameNext = true;
        break;
      case '"': {
        const end = endOfText(text, i);
        if (nameNext && level?.names !== undefined) {
          level.at = JSON.parse(text.slice(i, end + 1)) as string; // What lies between quotes in JSON is a string.
          if (level.names.has(level.at)) return levels.map(({ at }) => at);
          level.names.add(level.at);
          nameNext = false;
        }
        i = end;
      }
    }
  }
  return undefined;
}

/** Where the text that begins at a quote ends: the position of its closing quote. */
function endOfText(text: string, from: number): number {
  let end = from + 1;
  while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  return end;
}
