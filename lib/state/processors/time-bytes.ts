/** How many characters {@link timeBytes} makes. */
export const timeLength = 8;

/** A time from 0 up as 8 bytes, the greatest first, in latin1: sorts as the times do. What is below 0 is as 0. */
export function timeBytes(time: number): string {
  const from0 = Math.max(0, time);
  const high = Math.floor(from0 / 2 ** 32);
  const low = from0 >>> 0;
  return String.fromCharCode(
    high >>> 24,
    (high >>> 16) & 255,
    (high >>> 8) & 255,
    high & 255,
    low >>> 24,
    (low >>> 16) & 255,
    (low >>> 8) & 255,
    low & 255,
  );
}

/** The time that stands at this place of a key. */
export function timeAt(key: string, at: number): number {
  let time = 0;
  for (let i = at; i < at + timeLength; i++) time = time * 256 + key.charCodeAt(i);
  return time;
}

/** The least key that is greater. */
export function behind(key: string): string {
  return `${key}\0`;
}
