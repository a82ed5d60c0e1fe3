import { Subject, take } from 'rxjs';
import type { OffsetCommit } from '../../lib/drivers/port.js';
import { KafkaRxError } from '../../lib/errors/errors.js';
import type { CommitResult } from '../../lib/flow/commit/commit-cycle.js';
import { marbles, VirtualClock } from '../../lib/testing/index.js';
import { commitTo } from '../../operators/commitTo.js';

const point = (offset: number, partition = 0): OffsetCommit => ({ topic: 't', partition, epoch: 1, offset });
const turns = async () => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

/** A target that confirms when told, and what it was asked. */
function target() {
  const asked: string[] = [];
  const answers: { confirm: () => void; refuse: (error: unknown) => void }[] = [];
  return {
    asked,
    answers,
    commit: (offsets: readonly OffsetCommit[]) =>
      new Promise<void>((confirm, refuse) => {
        asked.push(offsets.map(({ partition, offset }) => `${partition}:${offset}`).join(' '));
        answers.push({ confirm, refuse });
      }),
  };
}

function committing(options: { readonly every?: number; readonly attempts?: number } = {}) {
  const clock = new VirtualClock();
  const points = new Subject<OffsetCommit>();
  const to = target();
  const results: CommitResult[] = [];
  let completed = false;
  const subscription = points.pipe(commitTo(to, { clock, intervalMs: 1000, ...options })).subscribe({
    next: result => results.push(result),
    complete: () => {
      completed = true;
    },
  });
  return { clock, points, to, results, subscription, completed: () => completed };
}

describe('commitTo', () => {
  test('commits the newest offset of each partition once an interval', async () => {
    const { clock, points, to, results } = committing();
    points.next(point(1));
    points.next(point(2));
    points.next(point(7, 1));
    clock.advance(999);
    expect(to.asked).toEqual([]);
    clock.advance(1);
    expect(to.asked).toEqual(['0:2 1:7']);
    to.answers[0]?.confirm();
    await turns();
    expect(results).toMatchObject([
      { trigger: 'interval', offsets: [point(2), point(7, 1)], error: undefined },
    ]);
    clock.advance(5000);
    expect(to.asked).toHaveLength(1);
  });

  test('commits at once after so many points', () => {
    const { points, to } = committing({ every: 3 });
    for (const offset of [1, 2, 3]) points.next(point(offset));
    expect(to.asked).toEqual(['0:3']);
  });

  test('one commit is in flight, and everything since goes into the next', async () => {
    const { clock, points, to } = committing({ every: 1 });
    for (const offset of [1, 2, 3]) points.next(point(offset));
    clock.advance(60_000);
    expect(to.asked).toEqual(['0:1']);
    to.answers[0]?.confirm();
    await turns();
    expect(to.asked).toEqual(['0:1', '0:3']);
  });

  test('a commit that failed for good is a result, not an error', async () => {
    const { points, to, results, subscription } = committing({ every: 1 });
    const error = new KafkaRxError('COMMIT_FAILED', 'no');
    points.next(point(1));
    to.answers[0]?.refuse(error);
    await turns();
    expect(results).toMatchObject([{ error: { code: 'COMMIT_FAILED' } }]);
    expect(subscription.closed).toBe(false);
  });

  test('completes after the rest was committed', async () => {
    const { points, to, completed } = committing();
    points.next(point(4));
    points.complete();
    await turns();
    expect(to.asked).toEqual(['0:4']);
    expect(completed()).toBe(false);
    to.answers[0]?.confirm();
    await turns();
    expect(completed()).toBe(true);
  });

  test('unsubscribing cancels the interval: nothing more is committed', () => {
    const { clock, points, to, subscription } = committing();
    points.next(point(4));
    subscription.unsubscribe();
    clock.advance(60_000);
    expect([to.asked, points.observed, clock.pending]).toEqual([[], false, 0]);
  });

  test('an error of the source passes at once, and nothing more is committed', () =>
    marbles(expect)(({ hot, expectObservable, expectSubscriptions, flush }) => {
      const to = target();
      const clock = new VirtualClock();
      const source = hot('  --a--#', { a: point(1) }, 'broken');
      const subscription = '^----!';
      expectObservable(source.pipe(commitTo(to, { clock }))).toBe('-----#', undefined, 'broken');
      expectSubscriptions(source.subscriptions).toBe(subscription);
      flush();
      clock.advance(60_000);
      expect(to.asked).toEqual([]);
    }));

  test('is no break in the chain between subscriber and source', async () => {
    const clock = new VirtualClock();
    const points = new Subject<OffsetCommit>();
    const to = target();
    points.pipe(commitTo(to, { clock, every: 1 }), take(1)).subscribe();
    points.next(point(1));
    to.answers[0]?.confirm();
    await turns();
    expect([points.observed, clock.pending]).toEqual([false, 0]);
  });
});
