import type { Fault, Surroundings } from '../fault.js';

/** SIGSTOP of an app process beyond the group's session timeout: a zombie when it wakes. */
export const appPause: Fault<Surroundings> = {
  name: 'app-pause',
  holdMs: 9_000,
  inject({ members }) {
    members[0]?.signal('SIGSTOP');
  },
  heal({ members }) {
    members[0]?.signal('SIGCONT');
  },
};

/**
 * An app process stops itself, for longer than its session, with a unit's offsets sent and its end not asked for: what wakes would commit
 * what its successor has read, and written, anew.
 */
export const appPauseBeforeEnd: Fault = {
  name: 'app-pause-before-end',
  holdMs: 9_000,
  ofUnits: true,
  inject({ members }) {
    members[0]?.order({ order: 'stop-before-end' });
  },
  heal({ members }) {
    members[0]?.signal('SIGCONT');
  },
};
