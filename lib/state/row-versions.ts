import { Buffer } from 'node:buffer';
import { type Coordinates, errorKind, KafkaRxError } from '../errors/errors.js';
import { type Headers, noHeaders } from '../record/headers.js';
import type { Change } from './backend.js';
import { orNull } from './or-null.js';
import { copyOfValue, rowOf, timestampOf } from './row.js';
import type { StateHandle } from './state.js';
import { otherVersion } from './state-errors.js';
import { layoutOf } from './state-formats.js';
import type { ValueFormat } from './value-format.js';

/** Beside each record of a changelog whose state is of a version above 1. */
const header = 'kafka-rx.state-version';

export function versionHeaders(version: number): Headers {
  return version === 1 ? noHeaders : [{ key: header, value: Buffer.from(String(version)) }];
}

/** Of the values in a record of a changelog. */
export function versionIn(headers: Headers): number {
  if (headers.length === 0) return 1;
  const told = headers.find(({ key }) => key === header)?.value;
  return told === undefined || told === null ? 1 : Number(told.toString());
}

/** Makes rows that older versions have written into such of the state's. */
export class RowVersions {
  readonly #handle: StateHandle<unknown, unknown>;
  readonly #formatOf: (table: string) => ValueFormat<unknown> | undefined;

  /** @param formatOf of the state's tables */
  constructor(
    handle: StateHandle<unknown, unknown>,
    formatOf: (table: string) => ValueFormat<unknown> | undefined,
  ) {
    this.#handle = handle;
    this.#formatOf = formatOf;
  }

  get version(): number {
    return this.#handle.version;
  }

  /**
   * @param version of what is there
   * @throws `CONFIGURATION` where it cannot be read
   */
  require(version: number): void {
    const { name, version: now, upgrade } = this.#handle;
    if (version > now || (version < now && upgrade === undefined)) throw otherVersion(name, version, now);
  }

  /**
   * @param version of the row; it is an older one
   * @param at in the changelog
   * @throws `CONFIGURATION` where it cannot be read, `DECODE` where the user's function throws
   */
  upgraded(table: string, [key, row]: Change, version: number, at: Coordinates): Change {
    this.require(version);
    const values = layoutOf(this.#handle)[table]?.values;
    const format = this.#formatOf(table);
    if (row === null || format === undefined || (values !== 'state' && values !== 'state-or-null'))
      return [key, row];
    const bytes = copyOfValue(row);
    const old = values === 'state' ? bytes : asBytes.decode(bytes);
    const timestamp = timestampOf(row);
    const encoded = format.encode(old === null ? null : this.#upgraded(old, version, at));
    format.check?.(key, encoded, timestamp);
    return [key, rowOf(encoded, timestamp)];
  }

  #upgraded(bytes: Buffer, version: number, at: Coordinates): unknown {
    const { name, upgrade } = this.#handle;
    try {
      return upgrade?.({ version, bytes, read: codec => codec.decode(bytes, at) });
    } catch (cause) {
      throw new KafkaRxError(
        'DECODE',
        `A value of version ${version} of the state '${name}' could not be upgraded (${errorKind(cause)})`,
        { at, cause, remedy: 'Mend upgrade of app.state; what is in the changelog is as it was' },
      );
    }
  }
}

const asBytes = orNull<Buffer>({ encode: bytes => bytes, decode: bytes => bytes });
