import { Buffer, isUtf8 } from 'node:buffer';
import { generated } from './generated.js';
import type { LeafPlan, RecordPlan } from './record-plan.js';

/**
 * A record read from the one form that JSON.stringify gives it: the declared fields in their order, no blanks, no
 * escapes, numbers of at most 15 digits without exponent. Undefined for all else, valid or not: JSON.parse and the
 * checks after it then say what it is. In that form no name is there twice, no field is undeclared and no number has
 * lost a digit, so that none of it is looked for.
 *
 * @internal
 */
export type Reader = (bytes: Buffer) => object | undefined;

/**
 * The reader of a plan, as generated code; undefined where that is forbidden. What is generated for
 * `{ id: string, price: NonNegative }`, in outline:
 *
 * ```js
 * if (bytes[0] !== 123 || ...) return;                    // {"id":"
 * const from0 = p; ... p to the closing quote ...
 * if (bytes[p] !== 34 || ...) return;                     // ","price":
 * ... the digits into v1 ...
 * if (p !== bytes.length - 1) return;                     // }
 * const v0 = ...;
 * if (!type1.is(v1)) return;
 * return { "id": v0, "price": v1 };
 * ```
 *
 * @internal
 */
export function readerOf(plan: RecordPlan): Reader | undefined {
  const code = new ReaderCode();
  const value = code.record(plan);
  // Holds: the source below is of such a function.
  return generated({ ...code.parameters, isUtf8, powers }, code.source(value)) as Reader | undefined;
}

/** What decimals are divided by. Both are exact, so that the quotient is the nearest number, as JSON.parse has it. */
const powers = Array.from({ length: 16 }, (_, i) => 10 ** i);

/** `slice` of fewer characters copies them; of more it makes a view that keeps the whole text, card and all, alive. */
const shortestView = 13;

/** Finds the end of a text, gathers in `high` whether it is ASCII, and refuses what JSON escapes. */
const text = (i: number): string => `
  from${i} = p;
  for (; p < end; p++) {
    c = bytes[p];
    if (c === 34) break;
    if (c < 32 || c === 92) return;
    high |= c;
  }
  to${i} = p;
  if (p++ >= end) return;`;

/** The last byte is a brace, at which the digits end at the latest. */
const number = (i: number): string => `
  negative = c === 45;
  if (negative) c = bytes[++p];
  n = 0;
  digits = p;
  if (c === 48) c = bytes[++p];
  else while (c >= 48 && c <= 57) { n = n * 10 + (c - 48); c = bytes[++p]; }
  digits = p - digits;
  if (digits === 0) return;
  if (c === 46) {
    point = p;
    c = bytes[++p];
    while (c >= 48 && c <= 57) { n = n * 10 + (c - 48); c = bytes[++p]; }
    decimals = p - point - 1;
    digits += decimals;
    if (decimals === 0 || digits > 15) return;
    n /= powers[decimals];
  } else if (digits > 15) return;
  v${i} = negative ? -n : n;`;

class ReaderCode {
  readonly parameters: Record<string, unknown> = {};
  #literal = '';
  #leaves = 0;
  #texts = 0;
  #locals: string[] = [];
  #scan = '';
  #texting = '';
  #checks = '';

  /** Adds the reading of a record; the expression of its value. */
  record({ fields }: RecordPlan): string {
    const members: string[] = [];
    this.#literal += '{';
    for (const [at, { name, of }] of fields.entries()) {
      const key = JSON.stringify(name);
      this.#literal += `${at === 0 ? '' : ','}${key}:`;
      members.push(`${key}: ${of.kind === 'record' ? this.record(of) : this.#leaf(of)}`);
    }
    this.#literal += '}';
    return `{ ${members.join(', ')} }`;
  }

  source(value: string): string {
    this.#compare();
    // Where there are few, one call for each is cheaper than one for the whole and a slice for each.
    const whole = this.#texts < 3 ? 'undefined' : 'high < 128 ? bytes.latin1Slice(0, end) : undefined';
    return `
function textAt(bytes, whole, ascii, from, to) {
  if (!ascii) return bytes.utf8Slice(from, to);
  return whole !== undefined && to - from < ${shortestView} ? whole.slice(from, to) : bytes.latin1Slice(from, to);
}
return function read(bytes) {
  const end = bytes.length;
  let p = 0, c = 0, high = 0, n = 0, digits = 0, decimals = 0, point = 0, negative = false;
  ${this.#locals.length === 0 ? '' : `let ${this.#locals.join(', ')};`}
  if (end === 0 || bytes[end - 1] !== 125) return;
  ${this.#scan}
  if (p !== end || (high > 127 && !isUtf8(bytes))) return;
  const whole = ${whole}, ascii = high < 128;
  ${this.#texting}
  ${this.#checks}
  return ${value};
};`;
  }

  #leaf({ primitives, type }: LeafPlan): string {
    const i = this.#leaves++;
    const only = primitives.size === 1;
    this.#locals.push(`v${i}`);
    if (primitives.has('string')) {
      this.#texts++;
      this.#locals.push(`from${i} = -1`, `to${i}`);
      const made = `v${i} = textAt(bytes, whole, ascii, from${i}, to${i});`;
      this.#texting += only ? made : `if (from${i} !== -1) ${made}`;
    }
    if (only && primitives.has('string')) {
      this.#literal += '"';
      this.#compare();
      // The closing quote was found already.
      this.#scan += text(i);
    } else {
      this.#compare();
      const ways: string[] = [];
      if (primitives.has('string')) ways.push(`if (c === 34) { p++; ${text(i)} }`);
      if (primitives.has('boolean')) ways.push(word('true', i), word('false', i));
      if (primitives.has('null')) ways.push(word('null', i));
      ways.push(primitives.has('number') ? `{ ${number(i)} }` : 'return;');
      this.#scan += `\n  c = bytes[p];\n  ${ways.join(' else ')}`;
    }
    if (type !== undefined) {
      this.parameters[`type${i}`] = type;
      this.#checks += `if (!type${i}.is(v${i})) return;\n  `;
    }
    return `v${i}`;
  }

  /** Adds the comparison with what stands there whatever the values. */
  #compare(): void {
    const bytes = Buffer.from(this.#literal);
    this.#literal = '';
    if (bytes.length > 0) this.#scan += `\n  ${differs(bytes)} return;\n  p += ${bytes.length};`;
  }
}

function differs(bytes: Buffer): string {
  const tests = Array.from(bytes, (byte, i) => `bytes[p + ${i}] !== ${byte}`);
  return `if (p + ${bytes.length} > end || ${tests.join(' || ')})`;
}

function word(name: 'true' | 'false' | 'null', i: number): string {
  const bytes = Buffer.from(name);
  return `if (c === ${bytes[0]}) { ${differs(bytes)} return; p += ${bytes.length}; v${i} = ${name}; }`;
}
