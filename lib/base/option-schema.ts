/**
 * What options may be, declared once: kinds, ranges, names. Each function that takes options checks them against its
 * declaration before it does anything, so that what cannot be meant (NaN, text for a number, a misspelt name) is refused
 * with its path, its value and what it may be, instead of being read as something else later.
 */
import { redactText } from '../card/redact-text.js';
import { KafkaRxError } from '../errors/errors.js';
import { nearestName } from './nearest-name.js';

/** What one option may be. The kinds there are stand in `option-kinds.ts`. */
export interface Kind {
  /** In words, behind `must be`: `a whole number from 1 up`. */
  readonly wants: string;
  /** Of a number. */
  readonly limits?: Limits | undefined;
  /** Of a choice: its names. */
  readonly names?: readonly string[] | undefined;
  /** Of an object: its own options. */
  readonly fields?: FieldKinds | undefined;
  readonly isRequired?: boolean | undefined;
  /** It is a secret, or holds one: what is given in its place is told by its type alone. */
  readonly isSecret?: boolean | undefined;
  fault(value: unknown): Fault | undefined;
}

/** What a number may be. */
export interface Limits {
  readonly from: number;
  readonly to: number;
  readonly whole: boolean;
  /** Infinity may be given, for no bound at all. */
  readonly endless: boolean;
}

/** What is wrong with a value. */
export interface Fault {
  /** Where inside the value: `limit.share`; `''`: the value itself. */
  readonly path: string;
  /** Behind the path: `must be a whole number from 1 up`. */
  readonly what: string;
  /** What it is instead, apart from the rest: of a secret only its type is told. */
  readonly is?: Given | undefined;
  readonly remedy?: string | undefined;
  /** What was thrown by what was looked at. */
  readonly cause?: unknown;
}

/** What was given, in words. */
export interface Given {
  /** As errors show it: `NaN`, `"kye"`, `a Map`. */
  readonly shown: string;
  /** Without anything of it: `a number`, `text`, `a Map`. */
  readonly type: string;
}

export type FieldKinds = Readonly<Record<string, Kind>>;

/** A kind for each option of an interface: one without does not compile. */
export type Fields<O> = { readonly [K in keyof O]-?: Kind };

/**
 * @param where whose options they are, as its user calls it: `createApp`, `app.to('out')`
 * @param fields what they may be
 * @param options what was given, whatever it is
 * @param defaults by the same paths, for the remedy
 * @throws `CONFIGURATION` with the path of the first that cannot be, what it is, what it may be, and the name that was
 *   likely meant
 */
export function checkOptions(where: string, fields: FieldKinds, options: unknown, defaults?: object): void {
  const fault = faultOf(fields, options);
  if (fault !== undefined) refuse(where, fault, defaults);
}

/** The same for something that is not an object of options, such as an argument. */
export function checkArgument(where: string, name: string, kind: Kind, value: unknown): void {
  const fault = read(() => faultIn(name, kind, value));
  if (fault !== undefined) refuse(where, fault, undefined);
}

/** The first fault of an object of options. */
export function faultOf(fields: FieldKinds, options: unknown): Fault | undefined {
  return read(() => faultAmong(fields, options));
}

function faultAmong(fields: FieldKinds, options: unknown): Fault | undefined {
  const known = Object.keys(fields);
  if (!isPlainObject(options)) {
    const remedy = `Give a plain object: { ${known.slice(0, 5).join(', ')}${known.length > 5 ? ', …' : ''} }`;
    const is = given(options);
    const isSecret = Object.values(fields).some(kind => kind.isSecret);
    return { path: '', what: 'must be a plain object', is: isSecret ? withoutValue(is) : is, remedy };
  }
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(fields, name)) return unknownName(name, known);
  }
  for (const [name, kind] of Object.entries(fields)) {
    // Whatever it holds is read once, here.
    const fault = faultIn(name, kind, options[name]);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** A getter of the user's, or a Proxy, may throw when it is looked at. */
function read(look: () => Fault | undefined): Fault | undefined {
  try {
    return look();
  } catch (cause) {
    return {
      path: '',
      what: 'cannot be read: a getter or a Proxy threw',
      remedy: 'Give plain values',
      cause,
    };
  }
}

/**
 * Whether something is an object as a literal makes it, of whatever realm. What is anything else (a list, a Map, an instance,
 * something that inherits) would be read as options that were all left out, or as some that nobody can see to be there.
 */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: object | null = Object.getPrototypeOf(value);
  // Of another realm: the end of its chain, with what only Object.prototype has.
  return prototype === null || prototype === Object.prototype || isRootPrototype(prototype);
}

function isRootPrototype(prototype: object): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'hasOwnProperty');
}

export function given(value: unknown): Given {
  const type = typeof value;
  return {
    shown: shown(value),
    type: type === 'number' || type === 'bigint' || type === 'boolean' ? `a ${type}` : shown(value),
  };
}

/** What is told of a secret. */
export function withoutValue({ type }: Given): Given {
  return { shown: type, type };
}

/** A value as an error shows it: nothing of a text or a record. For what may be a secret see {@link Kind.isSecret}. */
export function shown(value: unknown): string {
  if (typeof value === 'object' && value !== null) {
    return Array.isArray(value) ? 'an array' : shownObject(value);
  }
  switch (typeof value) {
    case 'number':
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'bigint':
      return `${value}n`;
    case 'string':
      return value === '' ? 'empty text' : 'text';
    case 'function':
      return 'a function';
    case 'symbol':
      return 'a symbol';
    default:
      return 'null';
  }
}

/** By its class, which says what was mistaken for what. */
function shownObject(value: object): string {
  if (isPlainObject(value)) return 'an object';
  const prototype: object = Object.getPrototypeOf(value);
  if (!Object.hasOwn(prototype, 'constructor')) return 'an object that inherits from another';
  const { name } = prototype.constructor;
  if (typeof name !== 'string' || name === '') return 'an instance of a class';
  return `${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name.slice(0, 40)}`;
}

/** The first fault of what stands under a name. */
export function faultIn(name: string, kind: Kind, value: unknown): Fault | undefined {
  if (value === undefined) {
    if (kind.isRequired !== true) return undefined;
    return { path: name, what: `is missing; it must be ${kind.wants}`, remedy: 'Set it' };
  }
  const fault = kind.fault(value);
  if (fault === undefined) return undefined;
  const remedy = fault.remedy ?? (kind.isRequired === true ? 'Correct it' : undefined);
  return { ...fault, remedy, path: fault.path === '' ? name : `${name}.${fault.path}` };
}

function unknownName(name: string, known: readonly string[]): Fault {
  const meant = nearestName(name, known);
  return {
    path: redactText(name).slice(0, 64),
    what: `is no option${meant === undefined ? '' : `; '${meant}' is`}`,
    remedy: meant === undefined ? `Leave it out; there are ${known.join(', ')}` : `Write ${meant}`,
  };
}

function refuse(where: string, fault: Fault, defaults: object | undefined): never {
  const { path, what, remedy = `Correct it, or leave it out for ${defaultAt(path, defaults)}` } = fault;
  const place = path === '' ? `${where}: the options` : `${where}: ${path}`;
  const instead = fault.is === undefined ? '' : `, and is ${fault.is.shown}`;
  throw new KafkaRxError('CONFIGURATION', `${place} ${what}${instead}`, { remedy, cause: fault.cause });
}

function defaultAt(path: string, defaults: unknown): string {
  let value = defaults;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null) break;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  if (typeof value === 'string') return `'${value}'`;
  return typeof value === 'number' ? String(value) : 'its default';
}
