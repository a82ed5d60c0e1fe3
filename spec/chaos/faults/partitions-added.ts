import { byItself, type Fault } from '../fault.js';

/** The input gets a partition more, and keys of its own in it at once. */
export const partitionsAdded: Fault = {
  name: 'partitions-added',
  holdMs: 1_000,
  graceful: true,
  async inject({ topics, load, sampler }) {
    const { before, now } = await topics.addInputPartition();
    sampler.refresh();
    load.addPartitions(before, now);
  },
  heal: byItself,
};
