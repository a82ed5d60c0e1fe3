interface Closable {
  /** Whether `close` has come to its end. */
  readonly isClosed: boolean;
  close(): Promise<void>;
}

/** What is closed with a connection unless it was closed before; of what was, nothing is kept. */
export class Closables {
  readonly #open = new Set<Closable>();

  keep<T extends Closable>(one: T): T {
    for (const other of this.#open) if (other.isClosed) this.#open.delete(other);
    this.#open.add(one);
    return one;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Closes all, also where one of them cannot be; rejects with the first reason. */
  async close(): Promise<void> {
    const closed = await Promise.allSettled([...this.#open].map(one => one.close()));
    for (const one of closed) if (one.status === 'rejected') throw one.reason;
  }
}
