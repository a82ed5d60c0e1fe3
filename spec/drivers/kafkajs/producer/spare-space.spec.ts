import { SpareSpace } from '../../../../lib/drivers/kafkajs/producer/spare-space.js';

test('what thousands of partitions were written with is kept to a bound', () => {
  const spare = new SpareSpace();
  for (let i = 0; i < 1_000; i++) spare.give(Buffer.allocUnsafeSlow(400 * 1024));
  expect(spare.bytes).toBeLessThanOrEqual(16 * 1024 * 1024);
  expect(spare.bytes).toBeGreaterThan(15 * 1024 * 1024);
});

test('each space is given once', () => {
  const spare = new SpareSpace();
  const spaces = [1, 2, 3].map(i => Buffer.allocUnsafeSlow(i * 2_048));
  for (const space of spaces) spare.give(space);
  const taken = [1, 2, 3].map(() => spare.take());
  expect(new Set(taken)).toEqual(new Set(spaces));
  expect(spare.bytes).toBe(0);
  expect(spaces).not.toContain(spare.take());
});

test('of a batch that was larger than most nothing is kept', () => {
  const spare = new SpareSpace();
  spare.give(Buffer.allocUnsafeSlow(900 * 1024));
  expect(spare.bytes).toBe(0);
});
