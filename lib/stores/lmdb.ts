/** The store and the states on disk: `kafka-rx/lmdb`, the only part that needs the package lmdb. */
import { lmdbMachine } from './lmdb-machine.js';
import type { LmdbOptions } from './lmdb-options.js';
import { type LmdbStore, lmdbOn } from './lmdb-store.js';

export {
  type LmdbBackendsOptions as LmdbBackendOptions,
  lmdbBackends as lmdbBackend,
} from '../state/lmdb/lmdb-backends.js';
export type { LmdbOptions } from './lmdb-options.js';
export type { LmdbStore } from './lmdb-store.js';

/**
 * A store that keeps documents in a folder, in an embedded LMDB database: no server, one writing process at a time or
 * several in turn, any number of reading ones.
 *
 * **Durable.** A `write` resolves when its transaction was committed and the operating system has answered that data,
 * then root page, were flushed to the disk (`fdatasync`; `F_FULLFSYNC` on macOS, `FlushFileBuffers` on Windows). A
 * killed process therefore loses nothing that had resolved; nor does a power cut, unless the disk lies about its
 * flushes. What had not resolved is there as a whole write or not at all.
 *
 * **Scans.** A scan's picture is taken at its first `next`. Held longer than `snapshotMs`, it goes on from where it
 * stood on a newer picture: what was written since may then appear ahead of it; nothing is left out or seen twice,
 * save a document that was meanwhile written again under another term or time. A scan that is given up must be
 * told so by `return()`, as `for await` does.
 *
 * @example
 * const history = lmdb('history', {
 *   value: json(MaskedPurchase),
 *   by: { customer: purchase => purchase.customerId, zip: purchase => purchase.zipCode },
 *   time: purchase => purchase.purchasedAt,
 * });
 * for await (const { value } of history.by('customer', '00042', { from: new Date('1997-01-01') })) console.log(value.item);
 *
 * @param name for messages and the default folder
 * @throws {KafkaRxError} `CONFIGURATION` for a name that cannot be a folder's and for options that cannot be; by rejection `STORE` with the path where
 *   the folder cannot be opened, read or written, or was written in another format; `CLOSED` where it is not open;
 *   `ENCODE` and `DECODE` from the codec
 *
 * @category Stores @since 0.1.0
 */
export function lmdb<V, I extends string = string>(
  name: string,
  options: LmdbOptions<V, I>,
): LmdbStore<V, I> {
  return lmdbOn(lmdbMachine, name, options);
}
