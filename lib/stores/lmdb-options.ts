import { longestMs } from '../base/clock.js';
import { flag, milliseconds, required, text } from '../base/option-kinds.js';
import type { Fields } from '../base/option-schema.js';
import { type Codec, codecKind } from '../codecs/codec.js';
import { KafkaRxError } from '../errors/errors.js';
import type { StoreOptions } from './port.js';
import { storeOptions } from './store-options.js';

/** @category Stores @since 0.1.0 */
export interface LmdbOptions<V, I extends string = string> extends StoreOptions<V, I> {
  /** Turns a document's value into the bytes on disk and back. */
  readonly value: Codec<V>;
  /**
   * The store's own folder; made, with its parents, where it is missing. Default: `kafka-rx/<name>` in the user's data
   * directory: `$XDG_DATA_HOME` or `~/.local/share`; `~/Library/Application Support` on macOS; `%LOCALAPPDATA%` on
   * Windows.
   */
  readonly directory?: string | undefined;
  /** For a second process that looks on: creates nothing, writes nothing, refuses a missing store. Default false. */
  readonly readOnly?: boolean | undefined;
  /**
   * How long a scan may hold on to its picture of the store, in milliseconds: so long LMDB keeps every page that is
   * replaced meanwhile. Default 30,000. A scan that takes longer is not cut off; see {@link lmdb}.
   */
  readonly snapshotMs?: number | undefined;
}

export const lmdbOptions: Fields<LmdbOptions<unknown>> = {
  ...storeOptions,
  value: required(codecKind),
  directory: text,
  readOnly: flag,
  snapshotMs: milliseconds(1, { to: longestMs }),
};

/** @internal */
export function readOnlyStore(where: string): KafkaRxError {
  return new KafkaRxError('STORE', `The ${where} was opened for reading only`, {
    remedy: "Open it without 'readOnly' to write",
  });
}
