import type { Fault } from '../fault.js';

/** SIGSTOP of an app process beyond the group's session timeout: a zombie when it wakes. */
export const appPause: Fault = {
  name: 'app-pause',
  holdMs: 9_000,
  inject({ members }) {
    members[0]?.signal('SIGSTOP');
  },
  heal({ members }) {
    members[0]?.signal('SIGCONT');
  },
};
