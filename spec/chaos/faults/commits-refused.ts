import { byItself, type Fault } from '../fault.js';

/** Every commit is refused for a while, with an error that is worth trying again. */
export const commitsRefused: Fault = {
  name: 'commits-refused',
  holdMs: 4_000,
  graceful: true,
  inject({ members }) {
    for (const member of members) member.order({ order: 'refuse-commits', forMs: 4_000 });
  },
  heal: byItself,
};
