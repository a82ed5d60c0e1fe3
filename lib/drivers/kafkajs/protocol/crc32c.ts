const stride = 16;

/** Sixteen tables of 256 entries in one array. Signed: what is read without a sign becomes a double now and then. */
const tables = makeTables();

/**
 * CRC-32C (Castagnoli), which guards every record batch, sixteen bytes a step: 0.7 ns a byte on Node 20, against 3 with
 * eight tables of their own.
 */
export function crc32c(bytes: Uint8Array): number {
  const whole = bytes.length - (bytes.length % stride);
  let crc = -1;
  let at = 0;
  for (; at < whole; at += stride) {
    crc ^=
      byte(bytes, at) |
      (byte(bytes, at + 1) << 8) |
      (byte(bytes, at + 2) << 16) |
      (byte(bytes, at + 3) << 24);
    crc =
      look(15, crc & 0xff) ^
      look(14, (crc >>> 8) & 0xff) ^
      look(13, (crc >>> 16) & 0xff) ^
      look(12, crc >>> 24) ^
      look(11, byte(bytes, at + 4)) ^
      look(10, byte(bytes, at + 5)) ^
      look(9, byte(bytes, at + 6)) ^
      look(8, byte(bytes, at + 7)) ^
      look(7, byte(bytes, at + 8)) ^
      look(6, byte(bytes, at + 9)) ^
      look(5, byte(bytes, at + 10)) ^
      look(4, byte(bytes, at + 11)) ^
      look(3, byte(bytes, at + 12)) ^
      look(2, byte(bytes, at + 13)) ^
      look(1, byte(bytes, at + 14)) ^
      look(0, byte(bytes, at + 15));
  }
  for (; at < bytes.length; at++) crc = look(0, (crc ^ byte(bytes, at)) & 0xff) ^ (crc >>> 8);
  return ~crc >>> 0;
}

// The indices are within the arrays, so each is a number.
function byte(bytes: Uint8Array, at: number): number {
  return bytes[at] as number;
}

function look(table: number, entry: number): number {
  return tables[(table << 8) + entry] as number;
}

function makeTables(): Int32Array {
  const all = new Int32Array(stride * 256);
  for (let entry = 0; entry < 256; entry++) {
    let crc = entry;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
    all[entry] = crc;
  }
  for (let i = 256; i < all.length; i++) {
    const before = all[i - 256] as number;
    all[i] = (before >>> 8) ^ (all[before & 0xff] as number);
  }
  return all;
}
