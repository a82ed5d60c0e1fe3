import { Buffer } from 'node:buffer';
import { decodeFailure } from '../../codecs/failure.js';
import type { Coordinates } from '../../errors/errors.js';

/** Reads what an aggregate was kept as, from the front. Throws `DECODE` for whatever it cannot be. */
export class ByteReader {
  readonly #codec: string;
  readonly #at: Coordinates;
  readonly #bytes: Buffer;
  #position = 0;

  constructor(codec: string, bytes: Buffer | null, at: Coordinates) {
    if (bytes === null) throw decodeFailure(codec, 'null', 'it is null', at);
    this.#codec = codec;
    this.#at = at;
    // A copy: what is kept of it must not pin, or change with, the batch or page that it lies in.
    this.#bytes = Buffer.from(bytes);
  }

  get isAtEnd(): boolean {
    return this.#position === this.#bytes.length;
  }

  get left(): number {
    return this.#bytes.length - this.#position;
  }

  int64(): number {
    const bytes = this.take(8);
    const number = bytes.readInt32BE() * 2 ** 32 + bytes.readUInt32BE(4);
    if (!Number.isSafeInteger(number)) throw this.failure('a number in it is beyond 2^53');
    return number;
  }

  double(): number {
    return this.take(8).readDoubleBE();
  }

  /** Bytes behind their length, as {@link block} wrote them. */
  block(): Buffer | null {
    const length = this.take(4).readInt32BE();
    if (length < -1) throw this.failure('a length in it is below 0');
    return length === -1 ? null : this.take(length);
  }

  take(length: number): Buffer {
    if (length > this.left) throw this.failure('it ends too early');
    this.#position += length;
    return this.#bytes.subarray(this.#position - length, this.#position);
  }

  end(): void {
    if (!this.isAtEnd) throw this.failure('something stands behind its end');
  }

  failure(what: string): Error {
    return decodeFailure(this.#codec, 'type', `${what}: another aggregate wrote it`, this.#at);
  }
}

/** Bytes behind their length: 4 bytes, big-endian; -1 for null. */
export function block(bytes: Buffer | null): readonly Buffer[] {
  const length = Buffer.allocUnsafe(4);
  length.writeInt32BE(bytes === null ? -1 : bytes.length);
  return bytes === null ? [length] : [length, bytes];
}
