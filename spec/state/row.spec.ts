import fc from 'fast-check';
import { copyOfValue, rowOf, timestampOf, valueIn } from '../../lib/state/row.js';

test('a row has its timestamp and its value, and is a copy of that', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.uint8Array(), (timestamp, bytes) => {
      const value = Buffer.from(bytes);
      const row = rowOf(value, timestamp);
      expect(timestampOf(row)).toBe(timestamp);
      expect(valueIn(row)).toEqual(Buffer.from(bytes));
      value.fill(7);
      copyOfValue(row).fill(7);
      expect(copyOfValue(row)).toEqual(Buffer.from(bytes));
    }),
  );
});

test('the timestamp is 8 bytes, big-endian', () => {
  expect(rowOf(Buffer.of(9), 0x0102_0304_0506).toString('hex')).toBe('000001020304050609');
  expect(rowOf(Buffer.of(), -1).toString('hex')).toBe('ffffffffffffffff');
});
