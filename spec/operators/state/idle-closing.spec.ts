/** What an idle operator asks of its rows, it asks in turns of the clock's and of answers: nobody but the app can hear what that throws. */
import { Subscriber } from 'rxjs';
import type { Lane } from '../../../lib/flow/leases/delivery.js';
import { VirtualClock } from '../../../lib/testing/virtual-clock.js';
import { IdleClosing } from '../../../operators/state/idle-closing.js';
import { besideTurns } from '../../../operators/state/parts-of-turns.js';

/** @param readable so often rows are read without a problem */
async function idle(readable: number): Promise<{ readonly failures: unknown[]; readonly read: number }> {
  const clock = new VirtualClock();
  const failures: unknown[] = [];
  let read = 0;
  const lane = {
    host: { clock, fail: (error: unknown) => failures.push(error) },
    signal: new AbortController().signal,
    states: { inputsSeen: async () => ({ at: clock.elapsed(), bound: Infinity, isRead: () => true }) },
  } as unknown as Lane;
  new IdleClosing({
    afterMs: 1_000,
    processor: {
      streamTime: 0,
      closesAt: () => {
        if (++read > readable) throw new Error('the disk is gone');
        return 500;
      },
    },
    subscriber: new Subscriber(),
    lane: () => lane,
    isOver: () => failures.length > 0,
    pass: () => {},
    aside: look => besideTurns(lane, 'count(clicks)', look),
  });
  await clock.advanceAsync(5_000);
  return { failures, read };
}

test.each([
  ['when the clock rings', 0],
  ['when the brokers have answered', 1],
])('what cannot be read %s fails the app', async (_, readable) => {
  const { failures, read } = await idle(readable);
  expect(failures).toMatchObject([
    {
      code: 'STORE',
      message: expect.stringContaining("What 'count(clicks)' keeps could not be read"),
      remedy: expect.stringContaining('Look at the backend'),
    },
  ]);
  expect(read).toBe(readable + 1);
});
