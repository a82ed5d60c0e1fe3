import { unitProducerOptions } from '../../lib/drivers/unit-producer-options.js';

test.each([
  [120_000, 60_000, 40_000],
  [30_000, 60_000, 30_000],
  [120_000, 6_000, 4_000],
  [Number.POSITIVE_INFINITY, 60_000, 40_000],
  [120_000, 1_000, 666],
])(
  'with %i ms to be delivered in and a transaction of %i ms a record has %i ms',
  (deliveryTimeoutMs, transactionTimeoutMs, ms) => {
    const bounds = unitProducerOptions({ maxRecordBytes: 7, deliveryTimeoutMs, transactionTimeoutMs });
    expect(bounds).toEqual({ maxRecordBytes: 7, deliveryTimeoutMs: ms });
  },
);
