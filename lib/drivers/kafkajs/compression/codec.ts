/** One way to compress the records of a batch. Both directions reject with whatever the library beneath says. */
export interface Codec {
  compress(records: Buffer): Promise<Buffer>;
  /** Rejects with {@link TooLarge}, and does not make the bytes first, where they are more than `limit`. */
  decompress(bytes: Buffer, limit: number): Promise<Buffer>;
}

/** What is compressed is larger than it may be. */
export class TooLarge extends Error {
  override readonly name = 'TooLarge';
}

/** Throws {@link TooLarge} above the limit. */
export function checkSize(size: number, limit: number): void {
  if (size > limit) throw new TooLarge(`more than ${limit} bytes`);
}
