const twoTo32 = 2 ** 32;

/** Writes a number that is a safe integer as 64 bits. */
export function putInt64(buf: Buffer, value: number, at: number): void {
  buf.writeInt32BE(Math.floor(value / twoTo32), at);
  buf.writeUInt32BE(((value % twoTo32) + twoTo32) % twoTo32, at + 4);
}
