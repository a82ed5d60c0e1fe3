/**
 * Keys of a changelog, bytes as latin1 text. The rows that users see have the keys that Kafka Streams gives them (`toLog`); what else belongs to
 * the state, and the cut, lie under names that begin as no key of a user may.
 */

/**
 * Text and JSON never begin with two zero bytes, and small numbers of 4 or 8 bytes, which do, not with these. What does is refused as a
 * key.
 */
const reserved = '\0\0kafka-rx/';

/** @param key of a record */
export function isReserved(key: string): boolean {
  return key.charCodeAt(0) === 0 && key.startsWith(reserved);
}

/** The record that says which cut all before it is of. */
export const cutKey = `${reserved}cut`;

/** Of a table beside the rows. */
export function besideKey(table: string, key: string): string {
  return `${reserved}${table}\0${key}`;
}

/** Which table a key is of; undefined: it is one of the rows. */
export function besideIn(key: string): { readonly table: string; readonly key: string } | undefined {
  if (!key.startsWith(reserved)) return undefined;
  const end = key.indexOf('\0', reserved.length);
  if (end < 0) return undefined;
  return { table: key.slice(reserved.length, end), key: key.slice(end + 1) };
}
