const tables = makeTables();

/** CRC-32C (Castagnoli), which guards every record batch. Slicing by eight: about four times the plain table. */
export function crc32c(bytes: Uint8Array): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables;
  const { length } = bytes;
  const whole = length - (length % 8);
  let crc = 0xffffffff;
  let at = 0;
  // The index is within the array and the table has 256 entries, so each look-up is a number.
  const byte = (i: number): number => bytes[i] as number;
  const look = (table: Uint32Array, i: number): number => table[i & 0xff] as number;
  for (; at < whole; at += 8) {
    crc ^= byte(at) | (byte(at + 1) << 8) | (byte(at + 2) << 16) | (byte(at + 3) << 24);
    crc =
      look(t7, crc) ^
      look(t6, crc >>> 8) ^
      look(t5, crc >>> 16) ^
      look(t4, crc >>> 24) ^
      look(t3, byte(at + 4)) ^
      look(t2, byte(at + 5)) ^
      look(t1, byte(at + 6)) ^
      look(t0, byte(at + 7));
  }
  for (; at < length; at++) crc = look(t0, crc ^ byte(at)) ^ (crc >>> 8);
  return ~crc >>> 0;
}

type Tables = readonly [
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
];

function makeTables(): Tables {
  const first = new Uint32Array(256);
  for (let i = 0; i < 256; i++) {
    let crc = i;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
    first[i] = crc;
  }
  const next = (before: Uint32Array): Uint32Array =>
    before.map(crc => (crc >>> 8) ^ (first[crc & 0xff] as number)); // 256 entries: always there
  const t1 = next(first);
  const t2 = next(t1);
  const t3 = next(t2);
  const t4 = next(t3);
  const t5 = next(t4);
  const t6 = next(t5);
  return [first, t1, t2, t3, t4, t5, t6, next(t6)];
}
