import type { Logger } from '../../../logging/logger.js';
import { kindOf } from '../errors.js';
import type { ProduceTransport } from './produce-transport.js';

/** Asks for the metadata anew, one request at a time of each kind. Neither rejects: the next one tries again. */
export class MetadataRefresh {
  readonly #transport: Pick<ProduceTransport, 'refresh' | 'refreshIfDue'>;
  readonly #logger: Logger;
  #renewing: Promise<void> | undefined;
  #refreshing: Promise<void> | undefined;

  constructor(transport: Pick<ProduceTransport, 'refresh' | 'refreshIfDue'>, logger: Logger) {
    this.#transport = transport;
    this.#logger = logger;
  }

  /** Beside what is sent, which goes by what is known: a broker that does not answer about metadata holds up no other. */
  ifDue(): void {
    this.#renewing ??= this.#transport
      .refreshIfDue()
      .catch(error => this.#failed(error))
      .finally(() => {
        this.#renewing = undefined;
      });
  }

  /** What is known is out of date. Resolves when it was asked for, or at once when somebody asks already. */
  async now(): Promise<void> {
    if (this.#refreshing !== undefined) return;
    this.#refreshing = this.#transport.refresh().catch(error => this.#failed(error));
    await this.#refreshing;
    this.#refreshing = undefined;
  }

  #failed(error: unknown): void {
    this.#logger.info({ reason: kindOf(error) }, 'metadata could not be refreshed');
  }
}
