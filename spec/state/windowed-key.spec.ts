import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { sessionKey, timeWindowKey } from '../../lib/state/window-keys.js';
import { type KeyKind, keyOf, windowedKey, windowOf } from '../../lib/state/windowed-key.js';

/** Bytes among which keys that begin with others, and go on with zero bytes, are frequent. */
const key = fc
  .array(fc.constantFrom(0, 1, 65, 254, 255), { maxLength: 12 })
  .map(bytes => Buffer.from(bytes).toString('latin1'));
/** What another key has behind that. */
const more = fc.oneof(
  fc.nat(9).map(length => '\0'.repeat(length)),
  key,
);
const time = fc.oneof(fc.nat(3), fc.constantFrom(255, 256, 65_535, 1_700_000_000_000), fc.maxSafeNat());
const window = fc
  .tuple(time, time)
  .map(([one, other]) => ({ start: Math.min(one, other), end: Math.max(one, other) }));

test.each<KeyKind>(['window', 'session'])('a key with its %s is read as it was written', kind => {
  fc.assert(
    fc.property(key, window, (of, at) => {
      const text = windowedKey(kind, of, at);
      expect([keyOf(kind, text), windowOf(kind, text)]).toEqual([
        of,
        kind === 'window' && at.end === Number.MAX_SAFE_INTEGER
          ? { ...at, end: Number.POSITIVE_INFINITY }
          : at,
      ]);
    }),
  );
});

const asKafkaStreams = {
  window: (of: Buffer, { start }: { start: number }) => timeWindowKey(of, start),
  session: (of: Buffer, { start, end }: { start: number; end: number }) => sessionKey(of, start, end),
};

test.each(['window', 'session'] as const)(
  'keys with their %ss sort as those of Kafka Streams, shorter ones first',
  kind => {
    fc.assert(
      fc.property(key, window, more, window, fc.boolean(), (one, at, behind, otherAt, isSameStart) => {
        const other = one + behind;
        if (isSameStart) otherAt = { start: at.start, end: Math.max(at.start, otherAt.end) };
        const order = Buffer.compare(
          asKafkaStreams[kind](Buffer.from(one, 'latin1'), at),
          asKafkaStreams[kind](Buffer.from(other, 'latin1'), otherAt),
        );
        fc.pre(order !== 0);
        expect(windowedKey(kind, one, at) < windowedKey(kind, other, otherAt)).toBe(order < 0);
      }),
      { numRuns: 2_000 },
    );
  },
);
