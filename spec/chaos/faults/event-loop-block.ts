import { byItself, type Fault } from '../fault.js';

/** The event loop of a member is blocked beyond the session timeout. */
export const eventLoopBlock: Fault = {
  name: 'event-loop-block',
  holdMs: 9_000,
  inject({ members }) {
    members[0]?.order({ order: 'block-event-loop', forMs: 9_000 });
  },
  heal: byItself,
};
