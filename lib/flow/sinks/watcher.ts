import type { Observer } from 'rxjs';
import { type Place, placed } from '../../app/topology/topology-observable.js';
import { nameKind } from '../../base/name-kinds.js';
import type { Fields } from '../../base/option-schema.js';
import { errorKind, isKafkaRxError, KafkaRxError } from '../../errors/errors.js';
import { located } from '../../errors/located.js';
import { useMapAsync } from '../../record/refuse-later.js';
import { refuseUndone } from '../../record/refuse-undone.js';
import { brokenStream } from './broken-stream.js';
import type { SinkHost } from './sink.js';

/** @category Sinks @since 0.1.0 */
export interface WatchOptions {
  /** The name in `describe()` and errors. Default: the function's, or `watch`. */
  readonly name?: string | undefined;
}

export const watchOptions: Fields<WatchOptions> = { name: nameKind };

/** Looks at what passes and keeps nothing from being committed: a subscription that is meant to be no sink. */
export class Watcher<T> implements Observer<T> {
  readonly #host: SinkHost;
  readonly #name: string;
  readonly #look: (value: T) => unknown;

  constructor(host: SinkHost, place: Place, look: (value: T) => unknown) {
    this.#host = host;
    this.#name = place.node.id;
    this.#look = look;
    placed(this, place);
  }

  next(value: T): void {
    if (!this.#host.live) return;
    try {
      refuseUndone(this.#look(value), useMapAsync);
    } catch (cause) {
      this.#host.fail(this.#failed(cause));
    }
  }

  error(error: unknown): void {
    if (this.#host.live) this.#host.fail(brokenStream(error, this.#name, this.#host.dispatching));
  }

  complete(): void {}

  #failed(cause: unknown): KafkaRxError {
    const at = this.#host.dispatching;
    if (isKafkaRxError(cause)) return located(cause, this.#name, at);
    return new KafkaRxError('PROCESS', `The function of '${this.#name}' threw ${errorKind(cause)}`, {
      at,
      cause,
      remedy: 'Mend it, or catch in it what may be lost',
    });
  }
}
