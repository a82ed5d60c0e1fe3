import type { Fault, Surroundings } from '../fault.js';

/** SIGKILL of the broker that coordinates the group; another takes over. */
export const coordinatorLoss: Fault<Surroundings> = {
  name: 'coordinator-loss',
  holdMs: 8_000,
  threeNodes: true,
  async inject({ nodes, topics }) {
    const id = await topics.coordinator();
    await nodes.find(node => node.id === id)?.kill();
  },
  async heal({ nodes }) {
    for (const node of nodes) if (node.pid === undefined) await node.start();
  },
};
