import { setTimeout as delay } from 'node:timers/promises';
import { type Fault, pick } from '../fault.js';

const forMs = 12_000;
const extras = ['extra-1', 'extra-2', 'extra-3'];

/** Members come, are stopped and are killed, one of these every 0.5 to 3 s; there may be more of them than partitions. */
export const membersJoinLeave: Fault = {
  name: 'members-join-leave',
  holdMs: 0,
  async inject({ extra, stop, draw }) {
    const until = Date.now() + forMs;
    const stopping: Promise<void>[] = [];
    while (Date.now() < until) {
      const member = extra(pick(draw, extras));
      if (!member.running) member.start();
      else if (draw() < 0.5) stopping.push(stop(member, 'members-join-leave'));
      else await member.kill();
      await delay(500 + draw() * 2_500);
    }
    await Promise.all(stopping);
  },
  async heal({ extra, stop }) {
    await Promise.all(
      extras.map(name => (extra(name).running ? stop(extra(name), 'members-join-leave') : undefined)),
    );
  },
};
