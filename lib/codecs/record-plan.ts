import { isAsIs } from './as-is.js';
import { fieldsOf, membersOf, partsOf } from './io-ts-shape.js';

/**
 * What code can be generated for: records whose fields are text, numbers, booleans and null, or such records again.
 *
 * @internal
 */
export interface RecordPlan {
  readonly kind: 'record';
  readonly fields: readonly FieldPlan[];
}

/** @internal */
export interface FieldPlan {
  readonly name: string;
  readonly of: LeafPlan | RecordPlan;
}

/** @internal */
export interface LeafPlan {
  readonly kind: 'leaf';
  /** What a value of the type can be. */
  readonly primitives: ReadonlySet<Primitive>;
  /** Asked about each value; undefined where being the primitive is all that the type demands. */
  readonly type: { is(value: unknown): unknown } | undefined;
}

/** @internal */
export type Primitive = 'string' | 'number' | 'boolean' | 'null';

/** A function much longer than this is one that V8 does not optimize. */
const mostLeaves = 64;
const mostNameBytes = 4096;

/**
 * Reads the plan of an io-ts codec; undefined where it has none, which costs time and nothing else: optional fields,
 * arrays, dictionaries, unions of records, a codec that changes values, and one whose `is` was replaced.
 *
 * @internal
 */
export function planOf(codec: unknown): RecordPlan | undefined {
  if (!isAsIs(codec)) return undefined;
  const plan = recordOf(codec, new Set());
  if (plan === undefined) return undefined;
  const { leaves, nameBytes } = sizeOf(plan);
  return leaves <= mostLeaves && nameBytes <= mostNameBytes ? plan : undefined;
}

/** How many records stand within each other. @internal */
export function depthOf(plan: RecordPlan): number {
  return 1 + Math.max(0, ...plan.fields.map(({ of }) => (of.kind === 'record' ? depthOf(of) : 0)));
}

/** What io-ts 2's own records do when asked `is`; another function may ask for more. */
const ownIs = /UnknownRecord\.is\(u\)[\s\S]*types\[i\]\.is\(uk\)/;

function recordOf(codec: unknown, seen: Set<unknown>): RecordPlan | undefined {
  const { _tag, type, is } = partsOf(codec);
  if (_tag === 'ExactType' || _tag === 'ReadonlyType') {
    return is === partsOf(type).is ? recordOf(type, seen) : undefined;
  }
  if (_tag !== 'InterfaceType' || !ownIs.test(sourceOf(is)) || seen.has(codec)) return undefined;
  const fields: FieldPlan[] = [];
  for (const [name, field] of fieldsOf(codec)) {
    // An assignment of the first would change a prototype; the second is what JSON.stringify calls.
    if (name === '__proto__' || name === 'toJSON') return undefined;
    const of = leafOf(field) ?? recordOf(field, new Set([...seen, codec]));
    if (of === undefined) return undefined;
    fields.push({ name, of });
  }
  return { kind: 'record', fields };
}

function leafOf(codec: unknown): LeafPlan | undefined {
  const primitives = new Set<Primitive>();
  if (!addPrimitives(codec, primitives)) return undefined;
  const [only] = primitives;
  const { is } = partsOf(codec);
  if (primitives.size === 1 && typeofOnly.exec(sourceOf(is))?.[2] === only) {
    return { kind: 'leaf', primitives, type: undefined };
  }
  // isAsIs has seen that there is an `is`.
  return { kind: 'leaf', primitives, type: codec as NonNullable<LeafPlan['type']> };
}

/** `u => typeof u === 'string'` in any spelling. */
const typeofOnly =
  /^(?:function\s*)?\(?\s*([\w$]+)\s*\)?\s*(?:=>)?\s*\{?\s*(?:return\s)?\s*typeof \1 === ['"](string|number|boolean)['"];?\s*\}?$/;

function addPrimitives(codec: unknown, primitives: Set<Primitive>): boolean {
  const { _tag, type } = partsOf(codec);
  switch (_tag) {
    case 'StringType':
    case 'KeyofType':
      primitives.add('string');
      return true;
    case 'NumberType':
      primitives.add('number');
      return true;
    case 'BooleanType':
      primitives.add('boolean');
      return true;
    case 'NullType':
      primitives.add('null');
      return true;
    case 'LiteralType':
      primitives.add('string').add('number').add('boolean');
      return true;
    case 'RefinementType':
    case 'ReadonlyType':
      return addPrimitives(type, primitives);
    case 'UnionType':
      return membersOf(codec).every(member => addPrimitives(member, primitives));
    default:
      return false;
  }
}

function sourceOf(value: unknown): string {
  return typeof value === 'function' ? Function.prototype.toString.call(value) : '';
}

function sizeOf(plan: RecordPlan): { leaves: number; nameBytes: number } {
  let leaves = 0;
  let nameBytes = 0;
  for (const { name, of } of plan.fields) {
    const inner = of.kind === 'record' ? sizeOf(of) : { leaves: 1, nameBytes: 0 };
    leaves += inner.leaves;
    nameBytes += inner.nameBytes + name.length;
  }
  return { leaves, nameBytes };
}
