import { defaults } from '../app/defaults.js';
import { disregardWithin } from '../base/disregard.js';
import type { ProtectedField } from '../card/protected-field.js';
import { type Coordinates, errorKind, isKafkaRxError, type KafkaRxError } from '../errors/errors.js';
import { isInstance } from '../errors/is-instance.js';
import { isAsIs } from './as-is.js';
import type { Codec } from './codec.js';
import { declare, guardable } from './declared.js';
import { declaredPath } from './declared-path.js';
import { decodeFailure, encodeFailure } from './failure.js';
import { lookAtPaths, lookAtPlain, lookAtText } from './guarded-json.js';
import { failureOf, shortened } from './io-ts-failure.js';
import type { IoTsShape } from './io-ts-shape.js';
import { type JsonOptions, rulesOf } from './json-options.js';
import { type Reader, readerOf } from './json-reader.js';
import { jsonBytes, jsonText, parseJson, unwritable } from './json-text.js';
import { flawIn, mostNumber, protoField, protoIn } from './json-writable.js';
import { type Writer, writerOf } from './json-writer.js';
import { hasOpenPart, mayHold } from './may-hold.js';
import { plainCopy, WithoutFields } from './plain-copy.js';
import { depthOf, planOf } from './record-plan.js';
import { shapeOf } from './shape.js';
import { strip } from './strip.js';

/** How a type's values are read and written where generated code can do it. @internal */
export interface FastWays {
  readonly read: Reader | undefined;
  readonly write: Writer | undefined;
  /** The writer of what has no protected field unmasked; lent: its bytes last until it is called again. */
  readonly writeUnder: (fields: readonly ProtectedField[], lent: boolean) => Writer | undefined;
}

/** @internal The way of JSON.parse and JSON.stringify for everything: what the fast ways are held to. */
export const noFastWays: FastWays = {
  read: undefined,
  write: undefined,
  writeUnder: () => undefined,
};

/**
 * The codec of an io-ts type. Records of the form that producers write are read and written by generated code; all that
 * is of another form, valid or not, goes the general way, from whose results the generated code's never differ.
 *
 * @internal
 */
export function jsonOfType<A>(
  type: IoTsShape<A>,
  options: JsonOptions,
  { read, write, writeUnder }: FastWays = fastWays(type, options),
): Codec<A> {
  const typeName = typeof type.name === 'string' ? type.name : 'value';
  const name = `json(${shortened(typeName)})`;
  const refuse = options.unknownFields === 'refuse';
  const asIs = isAsIs(type);
  const shape = shapeOf(type, 'decoded');
  // What io-ts has decoded it may have stripped itself already: to refuse, one must look at what came in.
  const rawShape = refuse && !asIs ? shapeOf(type, 'raw') : shape;
  const rules = rulesOf(options, path => declaredPath(rawShape, path));

  const mismatch = (left: unknown, at: Coordinates): KafkaRxError => {
    const { path, expected } = failureOf(left, typeName);
    return decodeFailure(
      name,
      'type',
      `${path === '' ? 'the value' : path} is not of type ${expected}`,
      at,
      path,
    );
  };
  const check = (input: unknown, at: Coordinates): A => {
    // The cast holds: for a type that changes nothing, a value that passes `is` is what `decode` would give.
    if (asIs && type.is?.(input) === true) return input as A;
    const result = type.decode(input);
    if (result._tag === 'Left') throw mismatch(result.left, at);
    return result.right;
  };

  const notWritten = (error: unknown, value: A): KafkaRxError => {
    if (!isInstance(error, WithoutFields))
      return encodeFailure(name, `its type cannot write it (${errorKind(error)})`);
    const flaw = flawIn(value, rules);
    return flaw === undefined ? encodeFailure(name, error.message) : unwritable(name, flaw, rules);
  };

  /** Reads each field once: what is checked, by type and guard, is what is written. */
  const encodeGenerally = (value: A, look: Look | undefined): Buffer => {
    let declared: unknown;
    let written: unknown;
    try {
      const copy = plainCopy(shape, value);
      if (type.is !== undefined && !type.is(copy)) throw unfit(name, typeName, type, copy as A);
      if (refuse)
        strip(
          shape,
          value,
          trail(path => encodeFailure(name, undeclared(path), path)),
        );
      declared = strip(shape, copy, undefined);
      // What a type's own encode makes of such a name may be anything: a prototype, for one.
      if (!asIs) refuseProto(declared);
      written = asIs ? declared : type.encode(declared as A); // Removing undeclared fields leaves an A.
    } catch (error) {
      disregardWithin(value);
      throw own(error) ?? notWritten(error, value);
    }
    const text = jsonText(name, written, rules);
    look?.(declared, text);
    return jsonBytes(name, text, rules);
  };
  const refuseProto = (value: unknown): void => {
    const path = protoIn(value);
    if (path !== undefined) throw unwritable(name, { path, what: protoField }, rules);
  };
  const encoder = (fast: Writer | undefined, look: Look | undefined) => (value: A) =>
    withinBounds(fast && unlessItThrows(fast, value)) ?? encodeGenerally(value, look);
  const withinBounds = (bytes: Buffer | undefined): Buffer | undefined =>
    bytes === undefined || bytes.length > rules.maxBytes ? undefined : bytes;

  const codec: Codec<A> = {
    name,
    decode(bytes, at) {
      if (read !== undefined && bytes !== null && bytes.length <= rules.maxBytes) {
        const value = unlessItThrows(read, bytes);
        // The cast holds: the reader has checked what `is` would.
        if (value !== undefined) return value as A;
      }
      const input = parseJson(name, bytes, at, rules);
      try {
        const value = check(input, at);
        if (!refuse) return strip(shape, value, undefined) as A; // Removing undeclared fields leaves an A.
        strip(
          rawShape,
          input,
          trail(path => decodeFailure(name, 'undeclared', undeclared(path), at, path)),
        );
        return value;
      } catch (error) {
        throw (
          own(error) ?? decodeFailure(name, 'type', `its type cannot be checked (${errorKind(error)})`, at)
        );
      }
    },
    encode: encoder(write, undefined),
  };
  return guardable(declare(codec, shape), (fields, lent) => {
    const there = fields.filter(field => mayHold(shape, field));
    // What a type's own encode makes of a value has other names, perhaps, and may be anything.
    const unknown = !asIs || hasOpenPart(shape);
    const fast = there.length === 0 && !lent ? write : writeUnder(there, lent);
    if (fields.length === 0) return encoder(fast, undefined);
    return encoder(fast, (declared, text) => {
      lookAtPaths(declared, there);
      if (unknown) lookAtText(text, fields);
      // Without a name of theirs only text can have one in it; the generated writer leaves text with a quote to this way.
      else if (there.length > 0 || text.includes('\\"')) lookAtPlain(declared, fields);
    });
  });
}

/** Looks at what is about to be written: as plain data, and as text. */
type Look = (declared: unknown, text: string) => void;

function fastWays(type: unknown, options: JsonOptions): FastWays {
  const plan = planOf(type);
  if (plan === undefined) return noFastWays;
  const deep = depthOf(plan) > (options.maxDepth ?? defaults.json.maxDepth);
  const most = mostNumber({ unsafeNumbers: options.unsafeNumbers ?? defaults.json.unsafeNumbers });
  return {
    read: deep ? undefined : readerOf(plan),
    write: deep ? undefined : writerOf(plan, [], most),
    writeUnder: (fields, lent) => (deep ? undefined : writerOf(plan, fields, most, lent)),
  };
}

/** A type's `is` that throws is called once more on the general way, which says so. */
function unlessItThrows<I, O>(run: (input: I) => O | undefined, input: I): O | undefined {
  try {
    return run(input);
  } catch {
    return undefined;
  }
}

/** Says which field is wrong where the type can tell: off the hot path, since the value has failed already. */
function unfit<A>(name: string, typeName: string, type: IoTsShape<A>, value: A): KafkaRxError {
  const result = isAsIs(type) ? type.decode(value) : undefined;
  const { path, expected } = failureOf(result?._tag === 'Left' ? result.left : undefined, typeName);
  return encodeFailure(name, `${path === '' ? 'the value' : path} is not of type ${expected}`, path);
}

function trail(failure: (path: string) => KafkaRxError): {
  segments: string[];
  refuse: (path: string) => never;
} {
  return {
    segments: [],
    refuse: path => {
      throw failure(path);
    },
  };
}

/** The field is not named: its name came with the value. */
function undeclared(path: string): string {
  return `${path === '' ? 'the value' : path} has a field that its type does not declare`;
}

function own(error: unknown): KafkaRxError | undefined {
  return isKafkaRxError(error) ? error : undefined;
}
