/** Something that waits, as `health()` says it. */
export interface Wait {
  /** One sentence: what waits, for what, and where it is not obvious what to do. Never a record's value. */
  readonly reason: string;
  /** Whether the app does its work all the same, as at a bound or between two tries. Default false: it is not ready. */
  readonly ready?: boolean | undefined;
}

/**
 * What waits now: the place for whoever waits for something outside, or gives up for a while. Who has a moment at which it
 * begins says so and gets the way out; who would have to say it for each record is asked when somebody looks.
 */
export class Waits {
  readonly #begun = new Set<Wait>();
  readonly #asked: (() => Iterable<Wait>)[] = [];
  readonly #changed: (type: 'waiting' | 'waited', wait: Wait) => void;

  /** @param changed called when a reason is there that was not, and when it is gone */
  constructor(changed: (type: 'waiting' | 'waited', wait: Wait) => void) {
    this.#changed = changed;
  }

  get all(): readonly Wait[] {
    return [...this.#begun, ...this.#asked.flatMap(ask => [...ask()])];
  }

  /** @returns the way out; calling it twice does no harm */
  begin(wait: Wait): () => void {
    // A copy: the same wait may begin twice.
    const begun = { ...wait };
    const isNew = !this.#isTold(wait);
    this.#begun.add(begun);
    if (isNew) this.#changed('waiting', wait);
    return () => {
      if (this.#begun.delete(begun) && !this.#isTold(wait)) this.#changed('waited', wait);
    };
  }

  /** Waits as long as the promise does. */
  async during<T>(reason: string, work: Promise<T>): Promise<T> {
    const end = this.begin({ reason });
    try {
      return await work;
    } finally {
      end();
    }
  }

  /** @param waits called when somebody looks; must be cheap and must not throw */
  ask(waits: () => Iterable<Wait>): void {
    this.#asked.push(waits);
  }

  #isTold({ reason }: Wait): boolean {
    return [...this.#begun].some(wait => wait.reason === reason);
  }
}
