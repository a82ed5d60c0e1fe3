import { type Fault, pick, type Surroundings } from '../fault.js';

/** SIGSTOP of a broker: its sockets stay open and nothing answers. */
function brokerPause(seconds: number): Fault<Surroundings> {
  return {
    name: `broker-pause-${seconds}s`,
    holdMs: seconds * 1000,
    inject: ({ nodes, draw }) => pick(draw, nodes).suspend(),
    heal({ nodes }) {
      for (const node of nodes) node.resume();
    },
  };
}

export const brokerPause5s = brokerPause(5);
/** Longer than every timeout: the requests', the session's and the rebalance's. */
export const brokerPause70s = brokerPause(70);
