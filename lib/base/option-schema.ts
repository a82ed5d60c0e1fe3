/**
 * What options may be, declared once: kinds, ranges, names. Each function that takes options checks them against its
 * declaration before it does anything, so that what cannot be meant (NaN, text for a number, a misspelt name) is refused
 * with its path, its value and what it may be, instead of being read as something else later.
 */
import { KafkaRxError } from '../errors/errors.js';
import { nearestName } from './nearest-name.js';

/** What one option may be. The kinds there are stand in `option-kinds.ts`. */
export interface Kind {
  /** In words, behind `must be`: `a whole number from 1 up`. */
  readonly wants: string;
  /** Of a number. */
  readonly limits?: Limits | undefined;
  /** Of an object: its own options. */
  readonly fields?: FieldKinds | undefined;
  readonly isRequired?: boolean | undefined;
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
  /** Behind the path: `must be a whole number from 1 up, and is NaN`. */
  readonly what: string;
  readonly remedy?: string | undefined;
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
  const fault = faultIn(name, kind, value);
  if (fault !== undefined) refuse(where, fault, undefined);
}

/** The first fault of an object of options. */
export function faultOf(fields: FieldKinds, options: unknown): Fault | undefined {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    return { path: '', what: `must be an object with options, and is ${shown(options)}` };
  }
  const known = Object.keys(fields);
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(fields, name)) return unknownName(name, known);
  }
  for (const [name, kind] of Object.entries(fields)) {
    // Whatever it holds is read once, here.
    const fault = faultIn(name, kind, (options as Readonly<Record<string, unknown>>)[name]);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** A value as an error shows it: never what may be a secret or a record. */
export function shown(value: unknown): string {
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
      if (value === null) return 'null';
      return Array.isArray(value) ? 'an array' : 'an object';
  }
}

function faultIn(name: string, kind: Kind, value: unknown): Fault | undefined {
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
    path: name.slice(0, 64),
    what: `is no option${meant === undefined ? '' : `; '${meant}' is`}`,
    remedy: meant === undefined ? `Leave it out; there are ${known.join(', ')}` : `Write ${meant}`,
  };
}

function refuse(where: string, fault: Fault, defaults: object | undefined): never {
  const { path, what, remedy = `Correct it, or leave it out for ${defaultAt(path, defaults)}` } = fault;
  const place = path === '' ? `${where}: the options` : `${where}: ${path}`;
  throw new KafkaRxError('CONFIGURATION', `${place} ${what}`, { remedy });
}

function defaultAt(path: string, defaults: unknown): string {
  let value = defaults;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null) break;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return typeof value === 'number' ? String(value) : 'its default';
}
