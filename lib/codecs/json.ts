import { defaults } from '../defaults.js';
import { type Coordinates, errorKind, isKafkaRxError, KafkaRxError } from '../errors.js';
import { isAsIs } from './as-is.js';
import type { Codec } from './codec.js';
import { declaredPath } from './declared-path.js';
import { decodeFailure, encodeFailure } from './failure.js';
import { failureOf, shortened } from './io-ts-failure.js';
import type { IoTsShape } from './io-ts-shape.js';
import { type JsonRules, parseJson, writeJson } from './json-text.js';
import { shapeOf } from './shape.js';
import { isStandardSchema, issuePath, type StandardSchema } from './standard-schema.js';
import { strip } from './strip.js';

/** @category Codecs @since 0.1.0 */
export interface JsonOptions {
  /**
   * What becomes of fields that the type does not declare, at every depth, on decode and on encode: removed, or the
   * record refused with `DECODE` or `ENCODE`. Inside `t.unknown`, and inside a codec of your own, everything is
   * declared. Default `'strip'`.
   */
  readonly unknownFields?: 'strip' | 'refuse';
  /**
   * What becomes of an object that names a field twice: refused, or the last one counts, as JSON.parse has it. Two
   * readers of such a record may see two different values. Default `'refuse'`.
   */
  readonly duplicateKeys?: 'refuse' | 'last';
  /**
   * What becomes of numbers beyond ±(2^53 - 1), of which JSON.parse may have lost digits: refused, or taken as they came
   * out; an infinite one (1e400) is always refused. Default `'refuse'`.
   */
  readonly unsafeNumbers?: 'refuse' | 'allow';
  /** Bytes of one value; a longer one is refused before it is read. Default 16 MiB. */
  readonly maxBytes?: number;
  /** Objects and arrays within each other; a deeper value is refused. Default 64. */
  readonly maxDepth?: number;
}

/** Without a type of io-ts to strip by: what holds for the text alone. @category Codecs @since 0.1.0 */
export type JsonTextOptions = Omit<JsonOptions, 'unknownFields'>;

/**
 * JSON in UTF-8, checked by an io-ts type or by anything of its shape ({@link IoTsShape}).
 *
 * Throws `DECODE` for null and empty bytes, bytes that are not UTF-8 or not JSON, and values that the type refuses: the
 * error's `path` (such as `items.0.price`) and message name the field and the expected type, never the value. Throws
 * `ENCODE` for a value that is not of the type or has no JSON form (undefined, functions, NaN, cycles). An own
 * `__proto__` never comes through. The value itself is handed on where nothing had to be removed.
 *
 * ```ts
 * const value = json(t.strict({ customerId: t.string, price: t.number }, 'Purchase'));   // Codec<{ customerId: string; price: number }>
 * ```
 *
 * @param type an io-ts type; it is read once, here
 * @category Codecs @since 0.1.0
 */
export function json<A>(type: IoTsShape<A>, options?: JsonOptions): Codec<A>;
/**
 * JSON in UTF-8, checked by a Standard Schema v1 validator (zod, valibot, arktype). The validator's output is used, both
 * ways: on encode the value is validated again, so a schema whose output it would not accept as input does not compile.
 * What becomes of undeclared fields is the schema's own affair. A validator that answers with a promise fails with
 * `CONFIGURATION`.
 *
 * @category Codecs @since 0.1.0
 */
export function json<Output extends Input, Input>(
  schema: StandardSchema<Input, Output>,
  options?: JsonTextOptions,
): Codec<Output>;
export function json(
  type: IoTsShape<unknown> | StandardSchema<unknown, unknown>,
  options: JsonOptions = {},
): Codec<unknown> {
  const given: unknown = type;
  if ((typeof given !== 'object' && typeof given !== 'function') || given === null) throw notAType();
  // First, since validators of today have methods called decode and encode too, which throw.
  if (isStandardSchema(type)) return jsonOfSchema(type, options);
  if (typeof type.decode !== 'function' || typeof type.encode !== 'function') throw notAType();
  return jsonOfType(type, options);
}

function jsonOfType<A>(type: IoTsShape<A>, options: JsonOptions): Codec<A> {
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

  return {
    name,
    decode(bytes, at) {
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
    encode(value) {
      let written: unknown;
      try {
        if (type.is !== undefined && !type.is(value)) throw unfit(name, typeName, type, value);
        const refusal = refuse ? trail(path => encodeFailure(name, undeclared(path), path)) : undefined;
        const declared = strip(shape, value, refusal);
        written = asIs ? declared : type.encode(declared as A); // Removing undeclared fields leaves an A.
      } catch (error) {
        throw own(error) ?? encodeFailure(name, `its type cannot write it (${errorKind(error)})`);
      }
      return writeJson(name, written);
    },
  };
}

function jsonOfSchema(schema: StandardSchema<unknown, unknown>, options: JsonOptions): Codec<unknown> {
  const { vendor, validate } = schema['~standard'];
  const name = `json(${vendor} schema)`;
  if (options.unknownFields === 'refuse') {
    throw new KafkaRxError(
      'CONFIGURATION',
      `${name} cannot refuse undeclared fields: a schema does not tell what it declares`,
      {
        remedy: 'Let the schema itself be strict, and leave the option out',
      },
    );
  }
  const rules = rulesOf(options, path => path.map(() => '*').join('.'));
  const run = (value: unknown, failed: (what: string, path?: string) => KafkaRxError): unknown => {
    let result: ReturnType<typeof validate>;
    try {
      result = validate(value);
    } catch (error) {
      throw failed(`the schema threw (${errorKind(error)})`);
    }
    if ('then' in result) {
      result.then(undefined, () => {}); // Whatever it comes to, the error is the one below.
      throw new KafkaRxError('CONFIGURATION', `${name} answered with a promise, and a codec is synchronous`, {
        remedy: 'Use a schema without asynchronous checks, and do those in mapAsync',
      });
    }
    if (result.issues === undefined) return result.value;
    const path = issuePath(result.issues);
    throw failed(`${path === '' ? 'the value' : path} is not what the schema demands`, path);
  };
  return {
    name,
    decode: (bytes, at) =>
      run(parseJson(name, bytes, at, rules), (what, path) => decodeFailure(name, 'type', what, at, path)),
    encode: value =>
      writeJson(
        name,
        run(value, (what, path) => encodeFailure(name, what, path)),
      ),
  };
}

function rulesOf(options: JsonOptions, declared: JsonRules['declared']): JsonRules {
  const { maxBytes, maxDepth } = { ...defaults.json, ...options };
  if (!(maxBytes >= 1) || !(maxDepth >= 1)) {
    throw new KafkaRxError('CONFIGURATION', 'json() was given a maxBytes or maxDepth below 1', {
      remedy: 'Leave the option out, or give a number from 1 up',
    });
  }
  return {
    maxBytes,
    maxDepth,
    duplicateKeys: options.duplicateKeys ?? 'refuse',
    unsafeNumbers: options.unsafeNumbers ?? 'refuse',
    refuseProto: options.unknownFields === 'refuse',
    declared,
  };
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

function notAType(): KafkaRxError {
  return new KafkaRxError('CONFIGURATION', 'json() was given neither an io-ts type nor a Standard Schema', {
    remedy: 'Give it a type with decode and encode, or a schema of zod, valibot or arktype',
  });
}
