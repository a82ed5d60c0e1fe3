import type { DriverConnection, PartitionReader, ReadBatch, ReaderOptions } from '../../drivers/port.js';
import type { Wire } from './wire.js';

/** Of an answer: a handful of records, so that a restore takes several. */
const mostBytes = 300;

export const isChangelog = (topic: string): boolean => topic.endsWith('-changelog');

/** Readers of one incarnation, each with a channel of its own: what one is asked, and each of its answers, are steps as any others are. */
export function simulatedReaders(
  read: NonNullable<DriverConnection['reader']>,
  wire: Wire,
): NonNullable<DriverConnection['reader']> {
  let readers = 0;
  /** Changelogs whose last restore was given up. */
  const givenUp = new Set<string>();
  return options => {
    const { topic, partition, from } = options;
    const log = `${topic}/${partition}`;
    const again = givenUp.delete(log);
    if (isChangelog(topic) && from > 0)
      wire.mark(again ? 'restore: resumed half-way' : 'restore: goes on behind what it has');
    const given: ReaderOptions = { ...options, maxBytes: Math.min(options.maxBytes, mostBytes) };
    return new SimulatedReader(read(given), wire, `reader ${log} ${++readers}`, () => {
      if (!isChangelog(topic)) return;
      wire.mark('restore: given up');
      givenUp.add(log);
    });
  };
}

class SimulatedReader implements PartitionReader {
  readonly #inner: PartitionReader;
  readonly #wire: Wire;
  readonly #peer: string;
  readonly #givenUp: () => void;
  #isThrough = false;
  /** What the inner reader was asked, until the process has heard it: an answer that was lost comes again. */
  #asked: Promise<ReadBatch | undefined> | undefined;
  #heard: Promise<unknown> = Promise.resolve();

  /** @param givenUp called where it is closed before its end was heard of */
  constructor(inner: PartitionReader, wire: Wire, peer: string, givenUp: () => void) {
    this.#inner = inner;
    this.#wire = wire;
    this.#peer = peer;
    this.#givenUp = givenUp;
  }

  next(): Promise<ReadBatch | undefined> {
    const heard = this.#next();
    this.#heard = heard.catch(() => {});
    return heard;
  }

  async close(): Promise<void> {
    if (!this.#isThrough) this.#givenUp();
    await this.#wire.call(this.#peer, 'close reader', () => this.#inner.close(), false);
    await this.#heard;
  }

  async #next(): Promise<ReadBatch | undefined> {
    const batch = await this.#wire.call(this.#peer, 'read', () => this.#ask(), true);
    this.#asked = undefined;
    this.#isThrough = batch === undefined;
    return batch;
  }

  #ask(): Promise<ReadBatch | undefined> {
    this.#asked ??= this.#inner.next().catch(error => {
      this.#asked = undefined;
      throw error;
    });
    return this.#asked;
  }
}
