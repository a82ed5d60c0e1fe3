import { Buffer } from 'node:buffer';
import { putInt64 } from './int64.js';
import { putVarint, varintSize } from './varint.js';

/**
 * Writes Kafka's primitive types into one growing buffer.
 *
 * Shaped (`buf`, `buffer`) so that kafkajs takes it for its own Encoder: `writeEncoder` in src/protocol/encoder.js
 * asks for `Buffer.isBuffer(value.buf)` and copies `value.buffer`.
 */
export class ByteWriter {
  buf: Buffer;
  size = 0;

  constructor(capacity = 256) {
    this.buf = Buffer.allocUnsafe(capacity);
  }

  /** What was written, shared with the writer. */
  get buffer(): Buffer {
    return this.buf.subarray(0, this.size);
  }

  int8(value: number): this {
    const at = this.#grow(1);
    this.buf.writeInt8(value, at);
    return this;
  }

  int16(value: number): this {
    const at = this.#grow(2);
    this.buf.writeInt16BE(value, at);
    return this;
  }

  int32(value: number): this {
    const at = this.#grow(4);
    this.buf.writeInt32BE(value, at);
    return this;
  }

  uint32(value: number): this {
    const at = this.#grow(4);
    this.buf.writeUInt32BE(value, at);
    return this;
  }

  int64(value: number): this {
    const at = this.#grow(8);
    putInt64(this.buf, value, at);
    return this;
  }

  /** A 64-bit id of which nothing is asked but equality. */
  id64(value: bigint): this {
    const at = this.#grow(8);
    this.buf.writeBigInt64BE(value, at);
    return this;
  }

  boolean(value: boolean): this {
    return this.int8(value ? 1 : 0);
  }

  unsignedVarint(value: number): this {
    const at = this.#grow(varintSize(value));
    putVarint(this.buf, at, value);
    return this;
  }

  string(value: string | null): this {
    if (value === null) return this.int16(-1);
    const length = Buffer.byteLength(value);
    return this.int16(length).text(value, length);
  }

  compactString(value: string | null): this {
    if (value === null) return this.unsignedVarint(0);
    const length = Buffer.byteLength(value);
    return this.unsignedVarint(length + 1).text(value, length);
  }

  array<T>(items: readonly T[], item: (item: T) => void): this {
    this.int32(items.length);
    for (const one of items) item(one);
    return this;
  }

  compactArray<T>(items: readonly T[], item: (item: T) => void): this {
    this.unsignedVarint(items.length + 1);
    for (const one of items) item(one);
    return this;
  }

  /** Tagged fields (KIP-482): we send none. */
  noTags(): this {
    return this.unsignedVarint(0);
  }

  /** UTF-8 text whose length in bytes is known, without a length in front. */
  text(value: string, length: number): this {
    const at = this.#grow(length);
    this.buf.write(value, at, length, 'utf8');
    return this;
  }

  bytes(value: Uint8Array): this {
    const at = this.#grow(value.length);
    this.buf.set(value, at);
    return this;
  }

  #grow(length: number): number {
    const at = this.size;
    const needed = at + length;
    if (needed > this.buf.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.buf.length * 2));
      this.buf.copy(larger, 0, 0, at);
      this.buf = larger;
    }
    this.size = needed;
    return at;
  }
}
