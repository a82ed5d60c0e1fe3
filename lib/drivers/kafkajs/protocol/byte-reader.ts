import { KafkaRxError } from '../../../errors/errors.js';

const twoTo32 = 2 ** 32;

/** Reads Kafka's primitive types (https://kafka.apache.org/protocol#protocol_types) from a buffer, in order. */
export class ByteReader {
  readonly buffer: Buffer;
  at: number;
  readonly end: number;

  constructor(buffer: Buffer, at = 0, end = buffer.length) {
    this.buffer = buffer;
    this.at = at;
    this.end = end;
  }

  get left(): number {
    return this.end - this.at;
  }

  int8(): number {
    return this.buffer.readInt8(this.#advance(1));
  }

  int16(): number {
    return this.buffer.readInt16BE(this.#advance(2));
  }

  int32(): number {
    return this.buffer.readInt32BE(this.#advance(4));
  }

  /** A 64-bit integer as a number; one that a number cannot hold exactly is an error, never a wrong offset. */
  int64(): number {
    const at = this.#advance(8);
    return safe(this.buffer.readInt32BE(at) * twoTo32 + this.buffer.readUInt32BE(at + 4));
  }

  /** A 64-bit id of which nothing is asked but equality. */
  id64(): bigint {
    return this.buffer.readBigInt64BE(this.#advance(8));
  }

  boolean(): boolean {
    return this.int8() !== 0;
  }

  /** A length or count as flexible versions write it, and the size of a tag section. */
  unsignedVarint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.buffer.readUInt8(this.#advance(1));
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
  }

  /** A zig-zag varint, as records use them for 32-bit and 64-bit values alike. */
  varint(): number {
    const raw = this.unsignedVarint();
    return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
  }

  string(): string | null {
    return this.#text(this.int16());
  }

  compactString(): string | null {
    return this.#text(this.unsignedVarint() - 1);
  }

  /** Bytes of the given length, shared with the buffer; null where it is negative. */
  bytes(length: number): Buffer | null {
    if (length < 0) return null;
    const at = this.#advance(length);
    return this.buffer.subarray(at, at + length);
  }

  text(length: number): string {
    const at = this.#advance(length);
    return this.buffer.toString('utf8', at, at + length);
  }

  array<T>(item: () => T): T[] {
    return this.#items(this.int32(), item);
  }

  compactArray<T>(item: () => T): T[] {
    return this.#items(this.unsignedVarint() - 1, item);
  }

  skip(length: number): void {
    this.#advance(length);
  }

  /** Tagged fields (KIP-482) of which we know none, so that they are stepped over. */
  skipTags(): void {
    this.tags(() => {});
  }

  /** Tagged fields (KIP-482): what `read` leaves of one, and those that it does not know, are stepped over. */
  tags(read: (tag: number) => void): void {
    for (let count = this.unsignedVarint(); count > 0; count--) {
      const tag = this.unsignedVarint();
      const end = this.unsignedVarint() + this.at;
      read(tag);
      this.skip(end - this.at);
    }
  }

  #items<T>(count: number, item: () => T): T[] {
    const items: T[] = [];
    for (let i = 0; i < count; i++) items.push(item());
    return items;
  }

  #text(length: number): string | null {
    return length < 0 ? null : this.text(length);
  }

  #advance(length: number): number {
    const at = this.at;
    if (length < 0 || at + length > this.end) {
      throw new KafkaRxError('DRIVER', 'A response of the broker ends too early', {
        remedy: 'Report it with the versions of Kafka and kafka-rx.',
      });
    }
    this.at = at + length;
    return at;
  }
}

function safe(value: number): number {
  if (Number.isSafeInteger(value)) return value;
  throw new KafkaRxError('DRIVER', 'An offset or timestamp is beyond 2^53 and has no exact number');
}
