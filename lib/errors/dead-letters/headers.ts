import { Buffer } from 'node:buffer';
import type { Header } from '../../record/headers.js';

/** The prefix of every header that a dead letter carries. @category Dead letters @since 0.1.0 */
export const deadLetterPrefix = 'kafka-rx.dead-letter.';

/** The prefix of every header that a replayed record carries beside its own. @category Dead letters @since 0.1.0 */
export const replayPrefix = 'kafka-rx.replay.';

/** Whether a header's name is kept for us: in an input it is forged, or an order to the source alone. */
export function isReserved({ key }: Header): boolean {
  return key.startsWith(deadLetterPrefix) || key.startsWith(replayPrefix);
}

/** Headers of these names and texts; what is undefined is left out. */
export function textHeaders(prefix: string, texts: Readonly<Record<string, string | undefined>>): Header[] {
  return Object.entries(texts).flatMap(([name, text]) =>
    text === undefined ? [] : [{ key: prefix + name, value: Buffer.from(text) }],
  );
}

/** The texts of the headers with a prefix, by what follows it; the last of a name counts. */
export function textsOf(prefix: string, headers: readonly Header[]): ReadonlyMap<string, string> {
  return new Map(
    headers.flatMap(({ key, value }) =>
      key.startsWith(prefix) && value !== null ? [[key.slice(prefix.length), value.toString()] as const] : [],
    ),
  );
}
