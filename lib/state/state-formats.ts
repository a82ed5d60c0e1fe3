import { Buffer } from 'node:buffer';
import type { Codec } from '../codecs/codec.js';
import { type Coordinates, errorKind, isKafkaRxError, KafkaRxError } from '../errors/errors.js';
import type { Guard } from '../flow/sinks/guard.js';
import { RowWatch } from './layers/row-watch.js';
import type { LogRecords } from './log/log-record.js';
import { orNull } from './or-null.js';
import { checkRow, type RowRules, refused } from './row-rules.js';
import type { StateHandle } from './state.js';
import { notDecoded } from './state-errors.js';
import type { StateLayout, TableLayout } from './table-layout.js';
import type { ValueFormat } from './value-format.js';

export function layoutOf({ writer }: StateHandle<unknown, unknown>): StateLayout {
  return writer?.layout ?? {};
}

/** Where rows stand. */
export interface FormatsParts {
  readonly rules: RowRules;
  readonly partition: number;
  changelogOf(state: string): string;
}

/**
 * How the rows of the state are written, by table. They throw for what the rules forbid, and `STATE` for a row that cannot be decoded: the codec is
 * another than wrote it, whatever record comes.
 */
export function* formatsOf(
  handle: StateHandle<unknown, unknown>,
  { rules, partition, changelogOf }: FormatsParts,
  log: Pick<LogRecords, 'keyOf'>,
): Generator<readonly [table: string, format: ValueFormat<unknown>]> {
  const at = { topic: changelogOf(handle.name), partition, offset: 0 };
  for (const [table, layout] of Object.entries(layoutOf(handle)))
    yield [table, formatOf(handle, layout, rules, at, key => log.keyOf(table, key))];
}

/** @param logKeyOf the key of a row in the changelog; undefined: it is not there */
function formatOf(
  handle: StateHandle<unknown, unknown>,
  layout: TableLayout,
  rules: RowRules,
  at: Coordinates,
  logKeyOf: (key: string) => Buffer | undefined,
): ValueFormat<unknown> {
  const { name } = handle;
  const { encode, decode } = valuesOf(handle, layout, rules, at);
  return {
    encode,
    decode(bytes) {
      try {
        return decode(bytes);
      } catch (cause) {
        throw notDecoded('row', name, cause, at);
      }
    },
    check: (key, value, timestamp) => checkRow(name, rules, key, value, timestamp, () => logKeyOf(key)),
    watch: new RowWatch(),
  };
}

function valuesOf(
  { name, value }: StateHandle<unknown, unknown>,
  { values }: TableLayout,
  rules: RowRules,
  at: Coordinates,
): ValueFormat<unknown> {
  if (values === 'mark') return mark;
  if (values !== 'state' && values !== 'state-or-null') {
    const codec = { name, encode: values.encode.bind(values), decode: values.decode.bind(values) };
    return { encode: encoding(name, codec, rules), decode: codec.decode };
  }
  const ofState: ValueFormat<unknown> = {
    encode: encoding(name, value, rules),
    decode: bytes => value.decode(bytes, at),
  };
  return values === 'state' ? ofState : orNull(ofState);
}

/** The bytes last until the next value is encoded. */
function encoding(state: string, codec: Codec<unknown>, { guard }: RowRules): (value: unknown) => Buffer {
  let made: { readonly under: Guard; readonly encode: (value: unknown) => Buffer | null } | undefined;
  return value => {
    const under = guard();
    if (made?.under !== under) made = { under, encode: under.encoder(codec) };
    const bytes = encoded(state, made.encode, value);
    if (bytes === null) throw nullKept(state);
    return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes);
  };
}

function encoded(state: string, encode: (value: unknown) => Buffer | null, value: unknown): Buffer | null {
  try {
    return encode(value);
  } catch (cause) {
    const error = refused(cause, state);
    throw isKafkaRxError(error) ? error : notEncoded(state, error);
  }
}

const mark: ValueFormat<unknown> = { encode: () => noValue, decode: () => true };
const noValue = Buffer.alloc(0);

function notEncoded(state: string, cause: unknown): KafkaRxError {
  return new KafkaRxError('ENCODE', `The codec of the state '${state}' threw ${errorKind(cause)}`, {
    cause,
    remedy: 'Mend it, or what the functions of its operator return',
  });
}

function nullKept(state: string): KafkaRxError {
  return new KafkaRxError(
    'ENCODE',
    `A value of the state '${state}' was encoded as null, which deletes its key`,
    {
      remedy:
        'Return null from the function to delete a key; a codec of a state writes bytes for everything else',
    },
  );
}
