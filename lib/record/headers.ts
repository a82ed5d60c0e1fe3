/** One record header. Kafka keeps their order and allows a key more than once. @category Records @since 0.1.0 */
export interface Header {
  readonly key: string;
  readonly value: Buffer | null;
}

/** A record's headers, in order. An array of pairs and not an object: `__proto__` is a legal header key. */
export type Headers = readonly Header[];

/** The one empty list, shared. */
export const noHeaders: Headers = Object.freeze([]);
