import { defaults, settingsOf } from '../../../lib/drivers/kafkajs/options.js';

const brokers = ['localhost:9092'];
const names = Object.keys(defaults) as readonly (keyof typeof defaults)[];

describe.each(names)('%s', name => {
  const most = name === 'maxDecompressedBytes' ? Number.MAX_SAFE_INTEGER : 2 ** 31 - 1;

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, most + 1])('cannot be %d', value => {
    expect(() => settingsOf({ brokers, [name]: value })).toThrow(
      expect.objectContaining({
        code: 'CONFIGURATION',
        message: expect.stringContaining(name),
        remedy: expect.stringContaining(String(defaults[name])),
      }),
    );
  });

  test('can be 1 and as much as fits into Kafka’s requests', () => {
    for (const value of [1, most]) expect(settingsOf({ brokers, [name]: value })[name]).toBe(value);
  });
});
