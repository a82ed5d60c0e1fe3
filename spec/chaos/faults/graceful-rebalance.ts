import { byItself, type Fault } from '../fault.js';

const readyMs = 30_000;

/** A member joins, a member leaves, then every member is stopped and started in turn: no record is repeated. */
export const gracefulRebalance: Fault = {
  name: 'graceful-rebalance',
  holdMs: 2_000,
  graceful: true,
  async inject({ extra, members, stop }) {
    const joining = extra('extra-1');
    joining.start();
    await joining.untilReady(readyMs);
    await stop(joining, 'graceful-rebalance');
    for (const member of members) {
      await stop(member, 'graceful-rebalance');
      member.start();
      await member.untilReady(readyMs);
    }
  },
  heal: byItself,
};
