import { Buffer } from 'node:buffer';
import { isMaskedLeaf } from '../card/masked-at.js';
import { anything, leadsTo, mayStandAt, type ProtectedField } from '../card/protected-field.js';
import { generated } from './generated.js';
import { JsonBytes } from './json-bytes.js';
import type { LeafPlan, Primitive, RecordPlan } from './record-plan.js';

/**
 * The bytes that JSON.stringify gives for a value, checked by its type; undefined for what is not a plain object with
 * exactly the declared fields in their order, or not of the type, or holds text that JSON escapes or a number that is not
 * read back.
 *
 * @internal
 */
export type Writer = (value: unknown) => Buffer | undefined;

/**
 * The writer of a plan, as generated code; undefined where that is forbidden. What is generated for
 * `{ id: string, price: NonNegative }`, in outline:
 *
 * ```js
 * if (!isRecord(value, names0)) return;
 * const v0 = value["id"], v1 = value["price"];            // read once: what is checked is what is written
 * if (typeof v0 !== 'string') return;
 * if (typeof v1 !== 'number' || !type1.is(v1)) return;
 * let p = out.reserve(...), bytes = out.bytes;
 * bytes[p] = 123; ...; p += 7;                            // {"id":"
 * p = out.text(p, v0);
 * ...
 * return out.take(p);
 * ```
 *
 * @param fields that must be masked, asked about as they are read; a value with one that is not is not written here
 * @param most the highest number that is read back
 * @param lent the bytes of a value last until the next one is written
 * @internal
 */
export function writerOf(
  plan: RecordPlan,
  fields: readonly ProtectedField[] = [],
  most = Number.MAX_SAFE_INTEGER,
  lent = false,
): Writer | undefined {
  const code = new WriterCode(fields);
  code.record(plan, 'value', []);
  // Holds: the source below is of such a function.
  return generated({ ...code.parameters, out: new JsonBytes(most, lent), isRecord }, code.source()) as
    | Writer
    | undefined;
}

/**
 * Whether JSON.stringify would write these names in this order: plain, without a `toJSON`, and nothing else in it.
 * `for in` names inherited fields (of a polluted Object.prototype) last: when the last name is its own, all are.
 */
function isRecord(value: unknown, names: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  if (Object.getPrototypeOf(value) !== Object.prototype || 'toJSON' in value) return false;
  let next = 0;
  for (const name in value) if (name !== names[next++]) return false;
  const last = names.at(-1);
  return next === names.length && (last === undefined || Object.hasOwn(value, last));
}

const tests: Readonly<Record<Primitive, (v: string) => string>> = {
  string: v => `typeof ${v} !== 'string'`,
  number: v => `typeof ${v} !== 'number'`,
  boolean: v => `typeof ${v} !== 'boolean'`,
  null: v => `${v} !== null`,
};

class WriterCode {
  readonly parameters: Record<string, unknown> = {};
  #literal = '';
  #leaves = 0;
  #records = 0;
  #asked = 0;
  #fixed = 0;
  #room: string[] = [];
  #checks = '';
  #writes = '';
  readonly #protected: readonly ProtectedField[];

  constructor(fields: readonly ProtectedField[]) {
    this.#protected = fields;
  }

  /** Adds the checks and the writing of a record that `from` is the expression of, and `path` the way to. */
  record({ fields }: RecordPlan, from: string, path: readonly string[]): void {
    // A record was never masked.
    if (path.length > 0 && this.#protected.some(({ segments }) => leadsTo(segments, path))) {
      this.#checks += 'return;\n  ';
    }
    const names = `names${this.#records++}`;
    this.parameters[names] = fields.map(({ name }) => name);
    this.#checks += `if (!isRecord(${from}, ${names})) return;\n  `;
    this.#literal += '{';
    for (const [at, { name, of }] of fields.entries()) {
      const key = JSON.stringify(name);
      this.#literal += `${at === 0 ? '' : ','}${key}:`;
      const v = of.kind === 'record' ? `record${this.#records}` : `v${this.#leaves}`;
      this.#checks += `const ${v} = ${from}[${key}];\n  `;
      if (of.kind === 'record') this.record(of, v, [...path, name]);
      else this.#leaf(of, v, [...path, name]);
    }
    this.#literal += '}';
  }

  source(): string {
    this.#put();
    return `
return function write(value) {
  ${this.#checks}
  let p = out.reserve(${[this.#fixed, ...this.#room].join(' + ')});
  if (p === -1) return;
  const bytes = out.bytes;
  ${this.#writes}
  return out.take(p);
};`;
  }

  #leaf({ primitives, type }: LeafPlan, v: string, path: readonly string[]): void {
    const i = this.#leaves++;
    for (const field of this.#protected) {
      const { segments, isMasked } = field;
      const own = leadsTo(segments, path);
      const may = own ? (value: unknown) => isMaskedLeaf(value, isMasked) : mayStandAt(path, field);
      if (may === anything) continue;
      const masked = `masked${this.#asked++}`;
      this.parameters[masked] = may;
      this.#checks += `if (!${masked}(${v})) return;\n  `;
    }
    const mismatch = Array.from(primitives, primitive => tests[primitive](v)).join(' && ');
    this.#checks += `if (${mismatch}) return;\n  `;
    if (type !== undefined) {
      this.parameters[`type${i}`] = type;
      this.#checks += `if (!type${i}.is(${v})) return;\n  `;
    }
    const [only] = primitives.size === 1 ? primitives : [];
    if (only === 'string') this.#literal += '"';
    this.#put();
    const way = only === 'string' ? 'text' : only === 'number' ? 'number' : 'any';
    this.#room.push(only === 'string' ? `3 * ${v}.length` : `out.roomFor(${v})`);
    this.#writes += `if ((p = out.${way}(p, ${v})) === -1) return;\n  `;
    if (only === 'string') this.#literal += '"';
  }

  /** Adds the writing of what stands there whatever the values. */
  #put(): void {
    const bytes = Buffer.from(this.#literal);
    this.#literal = '';
    this.#fixed += bytes.length;
    this.#writes += `${Array.from(bytes, (byte, i) => `bytes[p + ${i}] = ${byte};`).join(' ')} p += ${bytes.length};\n  `;
  }
}
