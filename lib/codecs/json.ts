import { defaults } from '../app/defaults.js';
import { checkOptions } from '../base/option-schema.js';
import { errorKind, KafkaRxError } from '../errors/errors.js';
import type { Codec } from './codec.js';
import { guardable } from './declared.js';
import { decodeFailure, encodeFailure } from './failure.js';
import { lookAtText } from './guarded-json.js';
import type { IoTsShape } from './io-ts-shape.js';
import { jsonOfType } from './json-of-type.js';
import { type JsonOptions, type JsonTextOptions, jsonOptions, rulesOf } from './json-options.js';
import { jsonBytes, jsonText, parseJson } from './json-text.js';
import { isStandardSchema, issuePath, type StandardSchema } from './standard-schema.js';

export type { JsonOptions, JsonTextOptions } from './json-options.js';

/**
 * JSON in UTF-8, checked by an io-ts type or by anything of its shape ({@link IoTsShape}).
 *
 * Throws `DECODE` for null and empty bytes, bytes that are not UTF-8 or not JSON, and values that the type refuses: the
 * error's `path` (such as `items.0.price`) and message name the field and the expected type, never the value. Throws
 * `ENCODE`, with the path, for a value that is not of the type, and for what would not be read back as it is: what has no JSON
 * form (undefined in arrays, functions, NaN, Maps, cycles) and what decode refuses by these options (numbers beyond 2^53,
 * depth, bytes). A field that is undefined is not there. An own `__proto__` never comes through. The value itself is handed on where nothing had to be removed.
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
  checkOptions('json', jsonOptions, options, defaults.json);
  const given: unknown = type;
  if ((typeof given !== 'object' && typeof given !== 'function') || given === null) throw notAType();
  // First, since validators of today have methods called decode and encode too, which throw.
  if (isStandardSchema(type)) return jsonOfSchema(type, options);
  if (typeof type.decode !== 'function' || typeof type.encode !== 'function') throw notAType();
  return jsonOfType(type, options);
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
  const textOf = (value: unknown): string =>
    jsonText(
      name,
      run(value, (what, path) => encodeFailure(name, what, path)),
      rules,
    );
  const codec: Codec<unknown> = {
    name,
    decode: (bytes, at) =>
      run(parseJson(name, bytes, at, rules), (what, path) => decodeFailure(name, 'type', what, at, path)),
    encode: value => jsonBytes(name, textOf(value), rules),
  };
  return guardable(codec, fields => value => {
    const text = textOf(value);
    lookAtText(text, fields);
    return jsonBytes(name, text, rules);
  });
}

function notAType(): KafkaRxError {
  return new KafkaRxError('CONFIGURATION', 'json() was given neither an io-ts type nor a Standard Schema', {
    remedy: 'Give it a type with decode and encode, or a schema of zod, valibot or arktype',
  });
}
