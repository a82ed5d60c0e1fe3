/** The kinds of options that there are; how they are checked stands in `option-schema.ts`. */
import { redactText } from '../card/redact-text.js';
import { nearestName } from './nearest-name.js';
import {
  type Fault,
  type FieldKinds,
  faultIn,
  faultOf,
  given,
  isPlainObject,
  type Kind,
  type Limits,
  withoutValue,
} from './option-schema.js';

/** A whole number. @param endless whether Infinity may be given: no bound */
export function whole(from: number, { to = Number.MAX_SAFE_INTEGER, endless = false } = {}): Kind {
  return numberOf({ from, to, whole: true, endless });
}

/** Any finite number of a range. */
export function between(from: number, to: number): Kind {
  return numberOf({ from, to, whole: false, endless: false });
}

/** Milliseconds, parts of them included. @param endless whether Infinity may be given: never, for ever */
export function milliseconds(from: number, { to = Number.MAX_SAFE_INTEGER, endless = false } = {}): Kind {
  return numberOf({ from, to, whole: false, endless });
}

export function oneOf(...names: readonly string[]): Kind {
  const wants = listed(names.map(name => `'${name}'`));
  const one = kind(wants, value =>
    typeof value === 'string' && names.includes(value) ? undefined : written(wants, value),
  );
  return { ...one, names };
}

/** A key, a password, or what may hold one: whatever stands in its place, the error tells its type and nothing of it. */
export function secret(one: Kind): Kind {
  return {
    ...one,
    isSecret: true,
    fault(value) {
      const fault = one.fault(value);
      return fault?.is === undefined ? fault : { ...fault, is: withoutValue(fault.is) };
    },
  };
}

/** Text that is not empty; never shown. */
export const text: Kind = kind('text that is not empty', value => typeof value === 'string' && value !== '');

/** Any text. What is none is told by its type alone: a number where a card's text belongs is a card. */
export const anyText: Kind = kind('text', value =>
  typeof value === 'string' ? true : { path: '', what: `must be text, and is of type ${typeof value}` },
);

export const flag: Kind = kind('true or false', value => typeof value === 'boolean');

export const call: Kind = kind('a function', value => typeof value === 'function');

/** Whatever is given. */
export const anything: Kind = kind('anything', () => true);

export const bytes: Kind = kind('bytes', value => value instanceof Uint8Array);

/** Something that has these fields, whatever else it is and has: a record, where coordinates are asked for. */
export function holding(fields: FieldKinds): Kind {
  return kind(`{ ${Object.keys(fields).join(', ')} }`, value => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    // An object may be asked for any name.
    const held = value as Readonly<Record<string, unknown>>;
    for (const [name, one] of Object.entries(fields)) {
      const fault = faultIn(name, one, held[name]);
      if (fault !== undefined) return fault;
    }
    return true;
  });
}

/** An object of somebody else's options, who says what is wrong with them. */
export function plainObject(wants: string): Kind {
  return kind(wants, isPlainObject);
}

/** Something made elsewhere, told by the methods that it has: an object, whatever else it holds. */
export function having(what: string, ...methods: readonly string[]): Kind {
  const wants = methods.length === 0 ? what : `${what} (with ${methods.join(', ')})`;
  return kind(wants, value => {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
    return methods.every(
      method => typeof (value as Readonly<Record<string, unknown>>)[method] === 'function',
    );
  });
}

export const clock: Kind = having('a clock', 'now', 'elapsed', 'schedule', 'defer');

/** @param least how many there are at least */
export function list(of: Kind, least = 0): Kind {
  const wants = `a list${least === 0 ? '' : ` of at least ${least}`}, each ${of.wants}`;
  const every = kind(wants, value => {
    if (!Array.isArray(value) || value.length < least) return ofA(faulty(wants, value), of);
    for (const [index, item] of value.entries()) {
      const fault = of.fault(item);
      if (fault !== undefined)
        return { ...fault, path: fault.path === '' ? `${index}` : `${index}.${fault.path}` };
    }
    return undefined;
  });
  return { ...every, isSecret: of.isSecret };
}

/** An object of options inside another. */
export function shape(fields: FieldKinds): Kind {
  const wants = `{ ${Object.keys(fields).join(', ')} }`;
  const isSecret = Object.values(fields).some(field => field.isSecret);
  return {
    ...kind(wants, value =>
      isPlainObject(value) ? faultOf(fields, value) : ofA(faulty(wants, value), { isSecret }),
    ),
    fields,
    isSecret,
  };
}

/** One of several; of an object, the fault is that of the shape whose names it has. */
export function either(...kinds: readonly Kind[]): Kind {
  const wants = listed(kinds.map(one => one.wants));
  const isSecret = kinds.some(one => one.isSecret);
  const names = kinds.flatMap(one => one.names ?? []);
  const one = kind(wants, value => {
    if (kinds.some(each => each.fault(value) === undefined)) return undefined;
    const nearest = isPlainObject(value) ? nearestShape(kinds, value) : undefined;
    return nearest?.fault(value) ?? ofA(written(wants, value), { isSecret, names }, value);
  });
  return { ...one, isSecret };
}

/** The fault of a kind itself. Of a secret the value is left out; one of its names that is near tells what was misspelt. */
function ofA(
  fault: Fault,
  { isSecret, names = [] }: Pick<Kind, 'isSecret' | 'names'>,
  value?: unknown,
): Fault {
  if (isSecret !== true || fault.is === undefined) return fault;
  const meant = typeof value === 'string' ? nearestName(value, names) : undefined;
  const remedy = meant === undefined ? fault.remedy : `Write '${meant}'`;
  return { ...fault, is: withoutValue(fault.is), remedy };
}

export function required(one: Kind): Kind {
  return { ...one, isRequired: true };
}

/** @param check true, undefined: it is fine; false: it is not; a fault of its own */
export function kind(wants: string, check: (value: unknown) => boolean | Fault | undefined): Kind {
  return {
    wants,
    fault(value) {
      const found = check(value);
      if (found === false) return faulty(wants, value);
      return found === true ? undefined : found;
    },
  };
}

function numberOf(limits: Limits): Kind {
  const wants = numberWords(limits);
  const { from, to, whole: isWhole, endless } = limits;
  const checked = kind(wants, value => {
    if (typeof value !== 'number') return written(wants, value);
    if (value === Number.POSITIVE_INFINITY) return endless;
    return value >= from && value <= to && (!isWhole || Number.isSafeInteger(value));
  });
  return { ...checked, limits };
}

function numberWords({ from, to, whole: isWhole, endless }: Limits): string {
  const range = to === Number.MAX_SAFE_INTEGER ? `from ${from} up` : `from ${from} to ${to}`;
  return `a ${isWhole ? 'whole ' : ''}number ${range}${endless ? ', or Infinity' : ''}`;
}

function faulty(wants: string, value: unknown): Fault {
  return { path: '', what: `must be ${wants}`, is: given(value) };
}

/** Text where a name or number belongs shows what was misspelt; where that may be a secret, see {@link secret}. */
export function written(wants: string, value: unknown): Fault {
  if (typeof value !== 'string') return faulty(wants, value);
  // Redacted before it is cut: half a card number is one that nobody would find any more.
  const shown = JSON.stringify(redactText(value).slice(0, 40));
  return { path: '', what: `must be ${wants}`, is: { shown, type: 'text' } };
}

function nearestShape(kinds: readonly Kind[], value: object): Kind | undefined {
  const names = Object.keys(value);
  // A name that is there says more than one that is nearly there.
  const sharedBy = (fields: FieldKinds, name: string): number => {
    if (Object.hasOwn(fields, name)) return 2;
    return nearestName(name, Object.keys(fields)) === undefined ? 0 : 1;
  };
  const shared = ({ fields = {} }: Kind): number =>
    names.reduce((sum, name) => sum + sharedBy(fields, name), 0);
  const shapes = kinds.filter(one => one.fields !== undefined);
  return shapes.sort((one, other) => shared(other) - shared(one))[0];
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
