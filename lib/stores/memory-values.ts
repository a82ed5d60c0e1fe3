import type { Codec } from '../codecs/codec.js';
import { KafkaRxError } from '../errors/errors.js';
import { refuseLater } from '../record/refuse-later.js';
import { coordinates } from './document-source.js';
import type { Document, DocumentSource, WriteGuard } from './port.js';
import { storedBytes } from './stored-bytes.js';

/** What is kept of a value: its bytes, as on disk, or itself where the store has no codec. */
export type Kept<V> = { readonly bytes: Buffer | null } | { readonly value: V };

/** How a store in memory keeps values. */
export class MemoryValues<V> {
  readonly #codec: Codec<V> | undefined;
  readonly #where: string;
  #guard: WriteGuard | undefined;
  /** Under that guard. */
  #encode: ((value: V) => Buffer | null) | undefined;

  constructor(codec: Codec<V> | undefined, where: string) {
    this.#codec = codec;
    this.#where = where;
  }

  /** @throws {KafkaRxError} `ENCODE` as the codec does; without one, for what no codec would have bytes for */
  kept({ value, source }: Document<V>, guard: WriteGuard | undefined): Kept<V> {
    if (this.#codec !== undefined) {
      if (this.#encode === undefined || guard !== this.#guard) {
        this.#encode = storedBytes(this.#codec, guard, this.#where);
        this.#guard = guard;
      }
      return { bytes: this.#encode(value) };
    }
    refuseLater(value, 'ENCODE');
    const type = typeof value;
    if (type !== 'undefined' && type !== 'function' && type !== 'symbol') return { value };
    throw new KafkaRxError('ENCODE', `The ${this.#where} was handed a document that is of type ${type}`, {
      at: coordinates(source),
      remedy:
        'Hand over a value; give the store the codec of the one on disk, value, for it to be as strict as that',
    });
  }

  async prepare(kept: Kept<V>): Promise<void> {
    if ('bytes' in kept) await this.#codec?.prepare?.([kept.bytes]);
  }

  read(kept: Kept<V>, source: DocumentSource): V {
    if ('value' in kept) return kept.value;
    // Bytes are kept where there is a codec.
    return (this.#codec as Codec<V>).decode(kept.bytes, coordinates(source));
  }
}
