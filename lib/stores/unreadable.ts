import { errorKind, isKafkaRxError, KafkaRxError, told } from '../errors/errors.js';
import { documentId } from './document-source.js';
import { originOfOwnIds } from './own-ids.js';
import type { DocumentSource, StoreOptions } from './port.js';

/**
 * Reads one document of a scan; one that cannot be read must not bar the way to those behind it.
 *
 * @param onUnreadable who hears of it
 * @returns a promise where the document could not be read, of somebody's having heard of it; rejects with what that one throws
 * @throws {KafkaRxError} `DECODE` where nobody is to hear of it
 */
export function readOrTell<T extends object>(
  read: () => T,
  source: DocumentSource,
  where: string,
  onUnreadable: StoreOptions<unknown>['onUnreadable'],
): T | Promise<undefined> {
  try {
    return read();
  } catch (cause) {
    const error = unreadable(cause, source, where);
    if (typeof onUnreadable !== 'function') throw error;
    return heardBy(onUnreadable, error);
  }
}

/** Its type lets an asynchronous one pass, whose rejection would otherwise be nobody's and end the process. */
async function heardBy(hear: (error: KafkaRxError) => unknown, error: KafkaRxError): Promise<undefined> {
  await hear(error);
  return undefined;
}

/** Of which store, which document and why. A store is not told the names of topics: its document's id says the topic's id. */
export function unreadable(cause: unknown, source: DocumentSource, where: string): KafkaRxError {
  const { origin, partition, offset } = source;
  const place = origin === originOfOwnIds ? '' : ` (partition ${partition}, offset ${offset})`;
  const { what, rule, path } = told(cause);
  const why = isKafkaRxError(cause) ? what : `its codec, or the option 'id', threw ${errorKind(cause)}`;
  return new KafkaRxError(
    'DECODE',
    `The ${where} cannot read the document '${documentId(source)}'${place}: ${why}`,
    {
      cause,
      rule,
      path,
      remedy:
        'Read it with a codec that takes what was written, or give the store onUnreadable: error => …, which hears of it while a scan ' +
        'goes on; after a reset of group and store its documents are made anew',
    },
  );
}
