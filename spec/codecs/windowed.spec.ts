import fc from 'fast-check';
import { nullable } from '../../lib/codecs/nullable.js';
import { number } from '../../lib/codecs/number.js';
import { sessionWindowed } from '../../lib/codecs/session-windowed.js';
import { string } from '../../lib/codecs/string.js';
import { windowed } from '../../lib/codecs/windowed.js';
import { isKafkaRxError } from '../../lib/errors/errors.js';
import { calendar } from '../../lib/time/calendar.js';

const at = { topic: 't', partition: 0, offset: 7 };

function codeOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return isKafkaRxError(error) ? error.code : error;
  }
  return 'no error';
}

describe('windowed', () => {
  test('writes the key, and the start in 8 bytes, big-endian, as TimeWindowedSerializer does', () => {
    const bytes = windowed(string).encode({ key: 'zip', start: 1700000048265, end: 1700000048281 });
    expect(bytes?.toString('latin1')).toBe('zip\x00\x00\x01\x8b\xcf\xe6$\x89');
  });

  test('reads back what it wrote, by the size of its windows', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(2 ** 40), fc.nat(1e9), (key, start, sizeMs) => {
        const codec = windowed(string, { sizeMs });
        const value = { key, start, end: start + sizeMs };
        expect(codec.decode(codec.encode(value), at)).toEqual(value);
      }),
    );
  });

  test('reads windows that differ in length by the calendar', () => {
    const days = calendar('day', { zone: 'Europe/Berlin', graceMs: 0 });
    const codec = windowed(string, { window: days });
    const value = { key: 'a', ...days.windowOf(Date.parse('2024-03-31T12:00:00Z')) };
    expect(value.end - value.start).toBe(23 * 3_600_000);
    expect(codec.decode(codec.encode(value), at)).toEqual(value);
  });

  test('refuses to read where nothing says how long a window is', () => {
    const codec = windowed(string);
    const bytes = codec.encode({ key: 'a', start: 0, end: 5 });
    expect(codeOf(() => codec.decode(bytes, at))).toBe('CONFIGURATION');
  });

  test('refuses a window that would be read as another', () => {
    expect(codeOf(() => windowed(string, { sizeMs: 5 }).encode({ key: 'a', start: 0, end: 6 }))).toBe(
      'ENCODE',
    );
  });

  test.each([{ sizeMs: -1 }, { sizeMs: 0.5 }, { window: {} }, { size: 5 }])(
    'is not made with %j',
    options => {
      expect(codeOf(() => windowed(string, options as never))).toBe('CONFIGURATION');
    },
  );
});

describe('sessionWindowed', () => {
  test('writes the key, the end and the start, as SessionWindowedSerializer does', () => {
    const bytes = sessionWindowed(string).encode({ key: 'A', start: 33, end: 35 });
    expect(bytes?.toString('latin1')).toBe('A\x00\x00\x00\x00\x00\x00\x00#\x00\x00\x00\x00\x00\x00\x00!');
  });

  test('reads back what it wrote', () => {
    const codec = sessionWindowed(number);
    fc.assert(
      fc.property(fc.integer(), fc.nat(2 ** 40), fc.nat(1e9), (key, start, length) => {
        const value = { key, start, end: start + length };
        expect(codec.decode(codec.encode(value), at)).toEqual(value);
      }),
    );
  });
});

describe.each([
  ['windowed', windowed(nullable(string), { sizeMs: 5 })],
  ['sessionWindowed', sessionWindowed(nullable(string))],
])('%s', (_, codec) => {
  test('refuses a key of null, and times that no window has', () => {
    for (const [key, start, end] of [
      [null, 0, 5],
      ['a', -5, 0],
      ['a', 0.5, 5.5],
      ['a', 5, 4],
      ['a', Number.NaN, 5],
    ] as const) {
      expect(codeOf(() => codec.encode({ key, start, end }))).toBe('ENCODE');
    }
  });

  test('whatever the bytes, only DECODE is thrown', () => {
    const bytes = fc.option(fc.uint8Array({ maxLength: 40 }).map(one => Buffer.from(one)));
    fc.assert(
      fc.property(bytes, given => {
        expect(['DECODE', 'no error']).toContain(codeOf(() => codec.decode(given, at)));
      }),
    );
    expect(codeOf(() => codec.decode(null, at))).toBe('DECODE');
    expect(codeOf(() => codec.decode(Buffer.alloc(7), at))).toBe('DECODE');
  });
});

test('what the codec of the keys loads before a batch, it loads for the keys without their times', async () => {
  const seen: unknown[] = [];
  const loading = {
    ...string,
    prepare: async (batch: readonly (Buffer | null)[]) => void seen.push(...batch),
  };
  const bytes = windowed(string).encode({ key: 'key', start: 0, end: 1 });
  await windowed(loading).prepare?.([bytes, null]);
  expect(seen).toEqual([Buffer.from('key'), null]);
});
