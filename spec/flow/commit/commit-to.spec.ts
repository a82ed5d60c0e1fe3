import { type Observer, Subject } from 'rxjs';
import type { OffsetCommit } from '../../../lib/drivers/port.js';
import type { CommitResult } from '../../../lib/flow/commit/commit-cycle.js';
import { commitInOrder, type DeliveryEvent } from '../../../lib/flow/commit/commit-in-order.js';
import { commitTo } from '../../../lib/flow/commit/commit-to.js';
import type { Committer } from '../../../lib/flow/commit/committer.js';
import { VirtualClock } from '../../../lib/testing/index.js';
import { advance, point, ScriptedTarget, settle, shown } from './scripted-target.js';

function committed(options: { readonly intervalMs?: number; readonly every?: number } = {}) {
  const clock = new VirtualClock();
  const target = new ScriptedTarget(clock);
  const points$ = new Subject<OffsetCommit>();
  const seen: string[] = [];
  let committer: Committer | undefined;
  const observer: Observer<CommitResult> = {
    next: ({ trigger, offsets }) => seen.push(`${trigger} ${offsets.map(shown).join(' ')}`),
    error: error => seen.push(`error ${String(error)}`),
    complete: () => seen.push('complete'),
  };
  const subscription = points$
    .pipe(
      commitTo(target, { clock, ...options }, given => {
        committer = given;
      }),
    )
    .subscribe(observer);
  return { clock, target, points$, seen, subscription, committer: () => committer };
}

describe('commitTo', () => {
  test('emits a result for each commit', async () => {
    const { clock, points$, seen } = committed({ intervalMs: 10 });
    points$.next(point(0, 3));
    points$.next(point(0, 5));
    await advance(clock, 10);
    points$.next(point(0, 9));
    await advance(clock, 10);
    expect(seen).toEqual(['interval t/0@5', 'interval t/0@9']);
  });

  test('a failed commit is a result and no error', async () => {
    const { target, points$, seen } = committed({ every: 1 });
    target.answer(new Error('gone'));
    points$.next(point(0, 1));
    await settle();
    points$.next(point(0, 2));
    await settle();
    expect(seen).toEqual(['every t/0@1', 'every t/0@2']);
  });

  test('on completion the rest is committed before the result completes', async () => {
    const { target, points$, seen } = committed();
    points$.next(point(0, 1));
    target.hold();
    points$.complete();
    await settle();
    expect(target.requests).toEqual([{ at: 0, offsets: ['t/0@1'] }]);
    expect(seen).toEqual([]);
    target.release();
    await settle();
    expect(seen).toEqual(['flush t/0@1', 'complete']);
  });

  test('an error goes through, and nothing more is committed', async () => {
    const { clock, target, points$, seen } = committed();
    points$.next(point(0, 1));
    points$.error('broken');
    await advance(clock, 60_000);
    expect(seen).toEqual(['error broken']);
    expect([target.requests, clock.pending]).toEqual([[], 0]);
  });

  test('unsubscribing commits nothing more and leaves no timer', async () => {
    const { clock, target, points$, subscription, seen } = committed();
    points$.next(point(0, 1));
    subscription.unsubscribe();
    expect([points$.observed, clock.pending]).toEqual([false, 0]);
    await advance(clock, 60_000);
    expect([target.requests, seen]).toEqual([[], []]);
  });

  test('unsubscribing with a commit in flight: its answer is heard by nobody', async () => {
    const { target, points$, subscription, seen } = committed({ every: 1 });
    target.hold();
    points$.next(point(0, 1));
    subscription.unsubscribe();
    target.release();
    await settle();
    expect(seen).toEqual([]);
  });

  test('hands out its committer, for whoever must flush it', async () => {
    const { points$, committer, seen } = committed();
    points$.next(point(0, 1));
    await committer()?.flush();
    expect(seen).toEqual(['flush t/0@1']);
  });

  test('waits 1,000 ms or for 10,000 points unless told', async () => {
    const { clock, points$, seen } = committed();
    points$.next(point(0, 1));
    await advance(clock, 1000);
    for (let offset = 2; offset <= 10_001; offset++) points$.next(point(0, offset));
    await settle();
    expect(seen).toEqual(['interval t/0@1', 'every t/0@10001']);
  });

  test('behind commitInOrder commits what is settled and nothing above a gap', async () => {
    const clock = new VirtualClock();
    const target = new ScriptedTarget(clock);
    const events$ = new Subject<DeliveryEvent>();
    events$.pipe(commitInOrder(), commitTo(target, { clock })).subscribe();
    const lane = { topic: 't', partition: 0, epoch: 1, slot: 0 };
    for (const sequence of [3, 1, 0])
      events$.next({ kind: 'settled', lane, sequence, offset: 10 * sequence });
    await advance(clock, 1000);
    expect(target.requests.map(request => request.offsets)).toEqual([['t/0@11']]);
  });

  const aPoint = { topic: 't', partition: 0, epoch: 1, offset: 9 };
  test.each<[string, unknown]>([
    ['text as offset', { ...aPoint, offset: '9' }],
    ['an offset below 0', { ...aPoint, offset: -1 }],
    ['no partition', { ...aPoint, partition: undefined }],
    ['no topic', { ...aPoint, topic: undefined }],
    ['no epoch', { ...aPoint, epoch: undefined }],
  ])('a point with %s is refused, and what waits is not committed', async (_, given) => {
    const { clock, points$, seen, target } = committed();
    points$.next(point(0, 1));
    points$.next(given as OffsetCommit);
    await advance(clock, 1000);
    expect(seen).toEqual([
      expect.stringContaining("'commitTo' was handed an object that is no commit point"),
    ]);
    expect(target.requests).toEqual([]);
  });
});
