import { linesOf } from './lines.js';

/** A record of `transactions` before it is published. */
export interface InputRecord {
  /** The customer, or null where the line does not tell. */
  readonly key: string | null;
  /** The value's bytes: the purchase as JSON, or a bad line as it stands. */
  readonly value: Buffer;
}

/**
 * A user's purchases, one JSON text a line, in the file's order and at the reader's pace. Judges nothing: a bad line is passed on
 * as it stands, since the pipeline's policy decides what becomes of it. Blank lines are skipped. A line that makes a record
 * larger than a topic takes cannot get that far: of it only number and length are told.
 *
 * @param file path of a `.jsonl` file of any size, UTF-8 with or without byte order mark
 * @param maxBytes of key and value together. Default: any
 * @param tooLarge hears of a longer line; what it throws ends the reading. Default: such a line is left out
 * @throws UnreadableFileError when the file is missing or cannot be read
 */
export async function* inputRecords(
  file: string,
  maxBytes = Number.POSITIVE_INFINITY,
  tooLarge: (line: number, bytes: number) => void = () => {},
): AsyncGenerator<InputRecord, void, undefined> {
  for await (const { number, bytes: value } of linesOf(file, maxBytes, tooLarge)) {
    const key = customerOf(value);
    const bytes = value.length + (key === null ? 0 : Buffer.byteLength(key));
    if (bytes > maxBytes) tooLarge(number, bytes);
    else yield { key, value };
  }
}

/** The key that puts a customer's purchases on one partition; null when the line is no object or names no customer. */
function customerOf(line: Buffer): string | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line.toString('utf8'));
  } catch {
    return null; // and no word of why: the parser's message quotes the line, which may hold a card number
  }
  if (typeof parsed !== 'object' || parsed === null || !('customerId' in parsed)) return null;
  return typeof parsed.customerId === 'string' ? parsed.customerId : null;
}
