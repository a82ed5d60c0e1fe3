/** Numbers of variable length, seven bits a byte, the lowest first; of up to 53 bits. */

/** How a number with a sign is written as one without: 0, -1, 1, -2 as 0, 1, 2, 3. */
export function zigzag(value: number): number {
  return value >= 0 ? value * 2 : -value * 2 - 1;
}

/** Bytes that the number takes. */
export function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) size++;
  return size;
}

/** Writes the number, and tells where the next one goes. */
export function putVarint(buf: Buffer, from: number, value: number): number {
  let at = from;
  let rest = value;
  while (rest > 0x7f) {
    buf[at++] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  buf[at++] = rest;
  return at;
}
