import type { Admin } from 'kafkajs';
import { typeOf } from '../errors.js';

interface Asked {
  readonly admin: Admin;
  readonly connected: Promise<void>;
  /** Questions under way. */
  open: number;
  retired: boolean;
}

/**
 * Who is asked for offsets, of topics and of groups. An admin of kafkajs goes on asking for the metadata of every topic that it was ever
 * asked the offsets of, and fails for all of them once one is gone: then another takes its place.
 */
export class OffsetsAdmin {
  readonly #make: () => Admin;
  #current: Asked | undefined;

  /** @param make an admin that is not connected yet */
  constructor(make: () => Admin) {
    this.#make = make;
  }

  async ask<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    const first = this.#connect();
    try {
      return await this.#put(question, first);
    } catch (error) {
      if (typeOf(error) !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error;
      this.#retire(first);
    }
    return this.#put(question, this.#connect());
  }

  /** Idempotent; who asks afterwards has another connection made. */
  async close(): Promise<void> {
    const asked = this.#current;
    this.#current = undefined;
    await asked?.admin.disconnect().catch(() => {});
  }

  async #put<T>(question: (admin: Admin) => Promise<T>, asked: Asked): Promise<T> {
    asked.open++;
    try {
      await asked.connected;
      return await question(asked.admin);
    } finally {
      asked.open--;
      this.#endIfDone(asked);
    }
  }

  #connect(): Asked {
    if (this.#current !== undefined) return this.#current;
    const admin = this.#make();
    const asked: Asked = { admin, connected: admin.connect(), open: 0, retired: false };
    this.#current = asked;
    // One that has not come about is not asked again; who waits for it hears why.
    asked.connected.catch(() => this.#retire(asked));
    return asked;
  }

  /** Others may have questions under way. */
  #retire(asked: Asked): void {
    if (this.#current === asked) this.#current = undefined;
    asked.retired = true;
    this.#endIfDone(asked);
  }

  #endIfDone(asked: Asked): void {
    if (asked.retired && asked.open === 0) asked.admin.disconnect().catch(() => {});
  }
}
