/** What a store of somebody else's answers, looked at: what is no promise is awaited by nobody, and what is no offset is none. */
import { disregard } from '../base/disregard.js';
import { KafkaRxError } from '../errors/errors.js';
import { refuseUndone } from '../record/refuse-undone.js';
import { kindOf } from './index-values.js';

/**
 * The answer of a method that may take time. What the promise comes to is the store's own matter, but for what has not even begun.
 *
 * @param doing what was asked for: `write`
 * @throws `STORE`, or rejects with it, for anything but undefined or a promise
 */
export function laterAnswer(given: unknown, store: string, doing: string): Promise<void> | undefined {
  if (given === undefined) return undefined;
  if (!isPromiseLike(given)) throw wrongAnswer(given, store, doing, wantsLater);
  // A store of somebody else's may give any thenable: ours calls back once.
  return Promise.resolve(given).then(said => {
    if (isUnawaited(said)) throw wrongAnswer(said, store, doing, `${wantsLater} of what is done then`);
  });
}

const wantsLater = 'undefined or a promise';

/**
 * The answer of a method that gives it at once.
 *
 * @throws `STORE` for another one
 */
export function answer<T>(
  given: unknown,
  isAnswer: (given: unknown) => given is T,
  store: string,
  doing: string,
  wants: string,
): T {
  if (isAnswer(given)) return given;
  throw wrongAnswer(given, store, doing, wants);
}

function wrongAnswer(given: unknown, store: string, doing: string, wants: string): KafkaRxError {
  disregard(given);
  return new KafkaRxError(
    'STORE',
    `The store '${store}' answered ${doing} with ${kindOf(given)}: it must give ${wants}`,
    {
      remedy: 'Mend the store; what each of its methods gives stands at DocumentStore and StorePositions',
    },
  );
}

function isPromiseLike(given: unknown): given is PromiseLike<unknown> {
  if ((typeof given !== 'object' && typeof given !== 'function') || given === null) return false;
  return typeof (given as { readonly then?: unknown }).then === 'function';
}

function isUnawaited(said: unknown): boolean {
  try {
    refuseUndone(said, wantsLater);
    return false;
  } catch {
    return true;
  }
}
