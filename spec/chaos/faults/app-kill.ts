import { byItself, type Fault, pick } from '../fault.js';

/** The app dies with half of a fetched batch handed out. */
export const appKillMidBatch: Fault = {
  name: 'app-kill-mid-batch',
  holdMs: 500,
  inject({ members, draw, load }) {
    pick(draw, members).order({ order: 'kill-mid-batch' });
    load.burst(500);
  },
  heal: byItself,
};

/** The app dies when every sink has acknowledged and before the commit is sent. */
export const appKillBeforeCommit: Fault = {
  name: 'app-kill-before-commit',
  holdMs: 500,
  inject({ members, draw }) {
    pick(draw, members).order({ order: 'kill-before-commit' });
  },
  heal: byItself,
};
