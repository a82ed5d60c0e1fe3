import { disregard } from '../base/disregard.js';
import { errorKind, isKafkaRxError, KafkaRxError } from '../errors/errors.js';
import { coordinates } from './document-source.js';
import type { Document, DocumentSource, StoreOptions, WriteGuard } from './port.js';
import { sourceDigest } from './source-digest.js';

/** The origin of documents that have ids of their user's. */
export const originOfOwnIds = 'id';

/** The place of the document that has this id, whatever record it is made of. */
export function sourceOfId(id: string): DocumentSource {
  return { origin: originOfOwnIds, ...sourceDigest(id), sink: '' };
}

/**
 * The document under its own id, where the store gives it one.
 *
 * @throws {KafkaRxError} `STORE`, with the document's coordinates, where the option `id` throws or gives no text, and for a
 *   tombstone
 */
export function underOwnId<V>(
  document: Document<V>,
  { id }: StoreOptions<V>,
  where: string,
  guard?: WriteGuard,
): Document<V> {
  if (id === undefined) return document;
  const { value, timestamp, source } = document;
  if (value === null) throw tombstone(source, where);
  let given: unknown;
  try {
    given = id(value);
  } catch (error) {
    if (isKafkaRxError(error)) throw error;
    throw new KafkaRxError('STORE', `The option 'id' of ${where} threw ${errorKind(error)}`, {
      at: coordinates(source),
      cause: error,
      remedy: "Correct 'id', which is called with each document's value",
    });
  }
  if (typeof given === 'string' && given !== '') {
    guard?.checkText(given, document);
    return { source: sourceOfId(given), value, timestamp };
  }
  disregard(given);
  throw new KafkaRxError('STORE', `The option 'id' of ${where} gave no text for a document`, {
    at: coordinates(source),
    remedy: "Have 'id' return text of at least one character",
  });
}

/** In a table of Kafka Streams it deletes what its key stands for. Here it would replace that by a document of nothing. */
function tombstone(source: DocumentSource, where: string): KafkaRxError {
  return new KafkaRxError(
    'STORE',
    `A tombstone (a record whose value is null) deletes no document of ${where}, whose documents have ids of their own`,
    {
      at: coordinates(source),
      remedy:
        'Leave it out with filterValue(value => value !== null) before app.store, or make a document of it that says that it is deleted',
    },
  );
}
