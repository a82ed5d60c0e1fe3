import { byItself, type Fault } from '../fault.js';

const forMs = 5_000;

/** Every member's store acknowledges 2 s late. */
export const slowSink: Fault = {
  name: 'slow-sink',
  holdMs: forMs,
  inject({ members }) {
    for (const member of members) member.order({ order: 'slow-store', delayMs: 2_000, forMs });
  },
  heal: byItself,
};

/** No record of the output is as small; the markers that end transactions are, or none that writes there would ever end. */
const tooSmallBytes = 100;

/**
 * The cluster takes no record for one of the outputs, each is too large: the apps fail, as the default policy has it,
 * and are started again until it does.
 */
export const failingSink: Fault = {
  name: 'failing-sink',
  holdMs: forMs,
  inject: ({ topics }) => topics.limitBatches('rewards', tooSmallBytes),
  heal: ({ topics }) => topics.limitBatches('rewards', undefined),
};

/** A member's store refuses some writes: its app fails, as the default policy has it, and is started again. */
export const failingStore: Fault = {
  name: 'failing-store',
  holdMs: 1_000,
  inject({ members }) {
    members[0]?.order({ order: 'fail-store', writes: 10 });
  },
  heal: byItself,
};

/** Produce requests leave out a partition and their responses do not name it. */
export const partitionLeftOut: Fault = {
  name: 'partition-left-out',
  holdMs: 2_000,
  inject({ members }) {
    for (const member of members) member.order({ order: 'leave-out-partitions', forMs: 1_500 });
  },
  heal: byItself,
};
