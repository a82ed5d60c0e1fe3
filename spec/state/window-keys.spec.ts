import fc from 'fast-check';
import {
  readSessionKey,
  readTimeWindowKey,
  readWindowStoreKey,
  sessionKey,
  timeWindowKey,
  windowStoreKey,
} from '../../lib/state/window-keys.js';

/** What Kafka Streams 4.3.1 put into its changelogs: the goldens' cases of these names. */
const stored: readonly [string, string, number, number, string][] = [
  ['tumbling-count-update/0', 'B', 0, 0, 'B\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00'],
  ['tumbling-count-update/0', 'C', 9, 0, 'C\x00\x00\x00\x00\x00\x00\x00\x09\x00\x00\x00\x00'],
  ['hopping-count-update/0', 'A', 1700000048265, 0, 'A\x00\x00\x01\x8b\xcf\xe6$\x89\x00\x00\x00\x00'],
  ['stream-stream-inner/0', 'A', 60000, 1, 'A\x00\x00\x00\x00\x00\x00\xea`\x00\x00\x00\x01'],
  ['stream-stream-inner/1', '', 1700000065924, 1, '\x00\x00\x01\x8b\xcf\xe6i\x84\x00\x00\x00\x01'],
  ['stream-stream-inner/1', 'AB', 1700000065924, 2, 'AB\x00\x00\x01\x8b\xcf\xe6i\x84\x00\x00\x00\x02'],
];

test.each(stored)(
  'a window in the changelog of %s is read and written as there',
  (_, key, start, sequence, text) => {
    const bytes = Buffer.from(text, 'latin1');
    expect(windowStoreKey(Buffer.from(key), start, sequence)).toEqual(bytes);
    expect(readWindowStoreKey(bytes)).toEqual({ key: Buffer.from(key), start, sequence });
  },
);

test.each<[string, number, number, string]>([
  ['A', 18, 18, 'A\x00\x00\x00\x00\x00\x00\x00\x12\x00\x00\x00\x00\x00\x00\x00\x12'],
  ['A', 33, 35, 'A\x00\x00\x00\x00\x00\x00\x00#\x00\x00\x00\x00\x00\x00\x00!'],
])(
  'a session in the changelog of session-count-update/0 is read and written as there',
  (key, start, end, text) => {
    const bytes = Buffer.from(text, 'latin1');
    expect(sessionKey(Buffer.from(key), start, end)).toEqual(bytes);
    expect(readSessionKey(bytes)).toEqual({ key: Buffer.from(key), start, end });
  },
);

const keys = fc.uint8Array({ maxLength: 20 }).map(bytes => Buffer.from(bytes));
const times = fc.maxSafeNat();

test('whatever the key and the times, they are read back', () => {
  fc.assert(
    fc.property(keys, times, times, fc.nat({ max: 2 ** 31 - 1 }), (key, one, other, sequence) => {
      const [start, end] = [Math.min(one, other), Math.max(one, other)];
      expect(readTimeWindowKey(timeWindowKey(key, start))).toEqual({ key, start });
      expect(readWindowStoreKey(windowStoreKey(key, start, sequence))).toEqual({ key, start, sequence });
      expect(readSessionKey(sessionKey(key, start, end))).toEqual({ key, start, end });
    }),
  );
});

test('windows of one key are sorted by their start, as bytes', () => {
  fc.assert(
    fc.property(keys, times, times, (key, one, other) => {
      const sign = Buffer.compare(timeWindowKey(key, one), timeWindowKey(key, other));
      expect(sign).toBe(Math.sign(one - other));
    }),
  );
});

test('what nobody can have written is nothing: too short, below 0, beyond 2^53, an end before the start', () => {
  for (const read of [readTimeWindowKey, readWindowStoreKey, readSessionKey]) {
    expect(read(Buffer.alloc(7))).toBeUndefined();
    expect(read(Buffer.alloc(20, 0xff))).toBeUndefined();
  }
  expect(readWindowStoreKey(Buffer.alloc(11))).toBeUndefined();
  expect(readSessionKey(Buffer.alloc(15))).toBeUndefined();
  expect(readTimeWindowKey(Buffer.from('0020000000000000', 'hex'))).toBeUndefined();
  expect(readSessionKey(sessionKey(Buffer.alloc(0), 5, 4))).toBeUndefined();
});
