import { type Fault, pick, type Surroundings } from '../fault.js';

/** SIGKILL of a broker, and a restart on the same data. */
export const brokerKill: Fault<Surroundings> = {
  name: 'broker-kill',
  holdMs: 2_000,
  inject: ({ nodes, draw }) => pick(draw, nodes).kill(),
  async heal({ nodes }) {
    for (const node of nodes) if (node.pid === undefined) await node.start();
  },
};
