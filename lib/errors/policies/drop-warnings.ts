import type { Clock, Timer } from '../../base/clock.js';
import type { Delivery, Problem } from '../../flow/leases/delivery.js';
import type { Logger } from '../../logging/logger.js';

/** Milliseconds between two lines of one node, policy and code. */
const tellAgainMs = 10_000;

/** A node that drops for one reason: where it dropped last, and how many records since the last line. */
interface Dropping {
  readonly fields: {
    readonly node: string;
    readonly stage: string;
    readonly code: string;
    readonly policy: string;
  };
  at: { topic: string; partition: number; offset: number };
  untold: number;
}

/**
 * Tells in the log that policies drop records, which nothing else does by default: the first of each node, policy and code at once,
 * then at most one line in ten seconds for each, with the number since. The names are the topology's and ours, never a record's.
 */
export class DropWarnings {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #dropping = new Map<string, Dropping>();
  #timer: Timer | undefined;

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  dropped(policy: 'skip' | 'dead-letter', { node, stage, error }: Problem, delivery: Delivery): void {
    const { topic, partition, offset } = delivery;
    const at = { topic, partition, offset };
    const name = JSON.stringify([policy, stage, node, error.code]);
    const known = this.#dropping.get(name);
    if (known !== undefined) {
      known.at = at;
      known.untold++;
      return;
    }
    const first = { fields: { node, stage, code: error.code, policy }, at, untold: 1 };
    this.#dropping.set(name, first);
    this.#tell(first);
    this.#timer ??= this.#clock.schedule(this.#again, tellAgainMs);
  }

  /** Tells what was not told yet; at the end of the app. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const each of this.#dropping.values()) if (each.untold > 0) this.#tell(each);
    this.#dropping.clear();
  }

  /** What dropped nothing meanwhile is forgotten: its next one is a first one. */
  readonly #again = (): void => {
    this.#timer = undefined;
    for (const [name, each] of this.#dropping) {
      if (each.untold > 0) this.#tell(each);
      else this.#dropping.delete(name);
    }
    if (this.#dropping.size > 0) this.#timer = this.#clock.schedule(this.#again, tellAgainMs);
  };

  #tell(dropping: Dropping): void {
    const { fields, at, untold } = dropping;
    dropping.untold = 0;
    const does = fields.policy === 'skip' ? 'skipped' : 'set aside as dead letters';
    this.#logger.warn(
      { ...fields, ...at, records: untold },
      `${untold === 1 ? 'a record was' : `${untold} records were`} ${does} at '${fields.node}' with ${fields.code}`,
    );
  }
}
