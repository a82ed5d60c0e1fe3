import { byItself, type Fault } from '../fault.js';

/** A clean restart of every broker, one after the other, as in an upgrade. */
export const rollingBounce: Fault = {
  name: 'rolling-bounce',
  holdMs: 1_000,
  threeNodes: true,
  async inject({ nodes }) {
    for (const node of nodes) {
      await node.stop();
      await node.start();
    }
  },
  heal: byItself,
};
