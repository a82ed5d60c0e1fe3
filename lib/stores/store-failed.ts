import { type Coordinates, errorKind, isKafkaRxError, KafkaRxError } from '../errors/errors.js';
import { located } from '../errors/located.js';

/** What a store was asked for, for its error. */
export interface AskedOfStore {
  readonly store: string;
  /** Behind `could not`: `be opened`. */
  readonly doing: string;
  /** Of the record that it was about. */
  readonly at?: Coordinates | undefined;
  readonly remedy: string;
}

/** What a store threw, as an error of ours: one of ours says more than we know, a stranger's is told by its kind. */
export function storeFailed(cause: unknown, { store, doing, at, remedy }: AskedOfStore): KafkaRxError {
  if (isKafkaRxError(cause)) return located(cause, store, at);
  return new KafkaRxError('STORE', `The store '${store}' could not ${doing}: ${errorKind(cause)}`, {
    at,
    cause,
    remedy,
  });
}
