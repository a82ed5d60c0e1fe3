import type { StateOptions } from 'kafka-rx/state';

type Backends = NonNullable<StateOptions<string, unknown>['backend']>;
type Backend = Awaited<ReturnType<Backends['open']>>;

/** What backends are asked for and have not done: a disk's work, which virtual time does not wait for. */
export class WatchedBackends implements Backends {
  readonly #backends: Backends;
  #underWay = 0;
  #done = 0;

  constructor(backends: Backends) {
    this.#backends = backends;
  }

  /** Grows with each thing that is done; undefined: something is under way. */
  get done(): number | undefined {
    return this.#underWay > 0 ? undefined : this.#done;
  }

  async open(task: string): Promise<Backend> {
    const opened = await this.#during(this.#backends.open(task));
    return new Proxy(opened, {
      get: (backend, name) => {
        const found: unknown = Reflect.get(backend, name, backend);
        if (typeof found !== 'function') return found;
        return (...args: unknown[]) => {
          const made: unknown = Reflect.apply(found, backend, args);
          return made instanceof Promise ? this.#during(made) : made;
        };
      },
    });
  }

  async #during<T>(work: Promise<T>): Promise<T> {
    this.#underWay++;
    try {
      return await work;
    } finally {
      this.#underWay--;
      this.#done++;
    }
  }
}
