import { systemClock } from '../lib/base/clock.js';
import type { Lane } from '../lib/flow/leases/delivery.js';

/** A partition behind which there is nothing: for deliveries that are measured outside an app. */
export const nullLane: Lane = {
  topic: 'transactions',
  partition: 0,
  epoch: 1,
  slot: 0,
  orderSlot: 0,
  outputSlot: 0,
  atBarrier: false as const,
  fillsUpTo: -1,
  origin: 'cluster/transactions',
  ended: false,
  leftAt: -1,
  signal: new AbortController().signal,
  host: {
    app: {},
    clock: systemClock,
    live: true,
    endings: 0,
    protect() {},
    giveUp() {},
    fail(error) {
      throw error;
    },
    problem({ error }) {
      throw error;
    },
    retryFor: () => undefined,
    dropped() {},
    onFlush: () => () => {},
  },
  hold() {},
  settle() {},
};
