import { type Coordinates, errorKind, isKafkaRxError, KafkaRxError, told } from '../errors/errors.js';
import { tried } from '../errors/tried.js';

/** What a store was asked for, for its error. */
export interface AskedOfStore {
  readonly store: string;
  /** Behind `could not`: `be opened`. */
  readonly doing: string;
  /** Of the record that it was about. */
  readonly at?: Coordinates | undefined;
  readonly remedy: string;
  /** How often it was tried. Default 1. */
  readonly tries?: number | undefined;
}

/** What a store threw, as an error of ours: one of ours says more than we know, a stranger's is told by its kind. */
export function storeFailed(
  cause: unknown,
  { store, doing, at, remedy, tries = 1 }: AskedOfStore,
): KafkaRxError {
  if (!isKafkaRxError(cause)) {
    const what = `The store '${store}' could not ${doing}: ${errorKind(cause)}${tried(tries)}`;
    return new KafkaRxError('STORE', what, { at, cause, remedy });
  }
  if (at === undefined) return cause;
  // A store knows a document by the ids of its topic: the record's own coordinates say more.
  const { what, code = 'STORE', ...options } = told(cause);
  return new KafkaRxError(code, `'${store}': ${what}${tried(tries)}`, { ...options, at, cause });
}
