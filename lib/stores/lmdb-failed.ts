import { getSystemErrorName } from 'node:util';
import { errorKind, KafkaRxError } from '../errors/errors.js';
import { fieldOf } from '../errors/field-of.js';

/** What LMDB would not do, as an error of ours. */
export function lmdbFailed(action: 'open' | 'read' | 'write', where: string, error: unknown): KafkaRxError {
  return new KafkaRxError('STORE', `Could not ${action} the ${where}: ${lmdbErrorKind(error)}`, {
    cause: error,
    retriable: action !== 'open',
    remedy: "Check that the folder's disk has room and that this user may read and write it",
  });
}

/** lmdb-js rejects a failed commit with an error that promises the real one. */
export async function commitError(error: unknown): Promise<unknown> {
  const promised = fieldOf(error, 'commitError');
  if (promised === undefined) return error;
  try {
    await promised;
    return error;
  } catch (real) {
    return real;
  }
}

/** LMDB's codes are numbers; those above zero are the operating system's, such as `EIO` for a full disk. */
function lmdbErrorKind(error: unknown): string {
  const code = fieldOf(error, 'code');
  if (typeof code !== 'number') return errorKind(error);
  return code > 0 ? getSystemErrorName(-code) : `LMDB error ${code}`;
}
