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

/** A key with its window, as bytes in latin1. */
export function windowedKey(kind: KeyKind, key: string, window: TimeWindow | undefined): string {
  if (kind === 'plain' || window === undefined) return key;
  const [start, end] = [timeBytes(window.start), timeBytes(Math.min(window.end, endless))];
  return kind === 'session' ? key + end + start : key + start + end;
}

/** The key of a windowed key. */
export function keyOf(kind: KeyKind, text: string): string {
  return kind === 'plain' ? text : text.slice(0, -2 * NUMBER);
}

/** The window of a windowed key. */
export function windowOf(kind: KeyKind, text: string): TimeWindow | undefined {
  if (kind === 'plain') return undefined;
  const first = timeAt(text, text.length - 2 * NUMBER);
  const second = timeAt(text, text.length - NUMBER);
  if (kind === 'session') return { start: second, end: first };
  return { start: first, end: second === endless ? Number.POSITIVE_INFINITY : second };
}
