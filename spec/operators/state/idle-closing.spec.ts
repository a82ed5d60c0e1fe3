/** An idle operator goes by a clock which is no test's: it has fractions of a millisecond, and nobody but the app hears what is thrown in its turns. */
import { Subscriber } from 'rxjs';
import type { Lane } from '../../../lib/flow/leases/delivery.js';
import { VirtualClock } from '../../../lib/testing/virtual-clock.js';
import { IdleClosing } from '../../../operators/state/idle-closing.js';
import { besideTurns } from '../../../operators/state/parts-of-turns.js';

interface Idle {
  readonly failures: unknown[];
  /** Times to which stream time went on. */
  readonly passed: number[];
}

/**
 * Five seconds in which nothing comes, stream time being 0 at the first.
 *
 * @param closesAt given the stream time
 * @param lateMs the brokers are asked so long after the clock has rung
 */
async function idle(closesAt: (streamTime: number) => number, lateMs = 0): Promise<Idle> {
  const clock = new VirtualClock();
  const [failures, passed]: [unknown[], number[]] = [[], []];
  let streamTime = 0;
  const seen = () => ({ at: clock.elapsed() + lateMs, bound: Infinity, isRead: () => true });
  const lane = {
    host: { clock, fail: (error: unknown) => failures.push(error) },
    signal: new AbortController().signal,
    states: { inputsSeen: async () => seen() },
  } as unknown as Lane;
  const closing = new IdleClosing({
    afterMs: 1_000,
    processor: {
      get streamTime() {
        return streamTime;
      },
      closesAt: () => closesAt(streamTime),
    },
    subscriber: new Subscriber(),
    lane: () => lane,
    isOver: () => failures.length > 0,
    pass: to => {
      passed.push(to);
      streamTime = to;
      closing.look();
    },
    aside: look => besideTurns(lane, 'count(clicks)', look),
  });
  await clock.advanceAsync(5_000);
  return { failures, passed };
}

test.each([
  ['when the clock rings', 0],
  ['when the brokers have answered', 1],
])('what cannot be read %s fails the app', async (_, readable) => {
  let read = 0;
  const { failures } = await idle(() => {
    if (++read > readable) throw new Error('the disk is gone');
    return 500;
  });
  expect(failures).toMatchObject([
    {
      code: 'STORE',
      message: expect.stringContaining("What 'count(clicks)' keeps could not be read"),
      remedy: expect.stringContaining('Look at the backend'),
    },
  ]);
  expect(read).toBe(readable + 1);
});

test('stream time goes on by whole milliseconds, and loses none by that', async () => {
  const { passed } = await idle(streamTime => streamTime + 1_000, 0.75);
  expect(passed).toEqual([1_000, 2_000, 3_000, 4_000, 5_000]);
});
