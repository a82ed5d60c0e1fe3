import type { TimeWindow } from '../time/windows.js';
import { timeAt, timeBytes } from './processors/time-bytes.js';

/**
 * What stands behind a key: nothing, a window whose start comes first, or a session, whose end does. So windowed keys of one kind sort as
 * those of Kafka Streams.
 */
export type KeyKind = 'plain' | 'window' | 'session';

const NUMBER = 8;
/** For the end of a window that has none. */
const endless = Number.MAX_SAFE_INTEGER;

/**
 * Behind key and start of a window, before its end, which Kafka Streams' keys lack: below whatever a longer key goes on with, since zero bytes in front of
 * it are followed by `ESCAPE`.
 */
const BOUND = '\0\0';
const ESCAPE = '\x01';

/** A key with its window, as bytes in latin1. */
export function windowedKey(kind: KeyKind, key: string, window: TimeWindow | undefined): string {
  if (kind === 'plain' || window === undefined) return key;
  const [start, end] = [timeBytes(window.start), timeBytes(Math.min(window.end, endless))];
  if (kind === 'session') return key + end + start;
  return (key + start).replaceAll('\0', `\0${ESCAPE}`) + BOUND + end;
}

/** The key of a windowed key. */
export function keyOf(kind: KeyKind, text: string): string {
  if (kind === 'plain') return text;
  return kind === 'session' ? text.slice(0, -2 * NUMBER) : keyAndStart(text).slice(0, -NUMBER);
}

/** The window of a windowed key. */
export function windowOf(kind: KeyKind, text: string): TimeWindow | undefined {
  if (kind === 'plain') return undefined;
  const last = timeAt(text, text.length - NUMBER);
  if (kind === 'session') return { start: last, end: timeAt(text, text.length - 2 * NUMBER) };
  const withStart = keyAndStart(text);
  const start = timeAt(withStart, withStart.length - NUMBER);
  return { start, end: last === endless ? Number.POSITIVE_INFINITY : last };
}

function keyAndStart(text: string): string {
  return text.slice(0, -NUMBER - BOUND.length).replaceAll(`\0${ESCAPE}`, '\0');
}
