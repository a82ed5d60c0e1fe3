import { defaults } from '../../../lib/app/defaults.js';
import type { AssignedPartition, OffsetCommit } from '../../../lib/drivers/port.js';
import type { CommitResult } from '../../../lib/flow/commit/commit-cycle.js';
import { Committer } from '../../../lib/flow/commit/committer.js';
import type { CommitterOptions } from '../../../lib/flow/commit/committer-options.js';
import type { CommitLane } from '../../../lib/flow/commit/task-commit.js';
import { Watermark } from '../../../lib/flow/commit/watermark.js';
import { WatermarkCommit } from '../../../lib/flow/commit/watermark-commit.js';
import { VirtualClock } from '../../../lib/testing/index.js';
import { advance, point, refused, retriable, ScriptedTarget, settle, shown } from './scripted-target.js';

/** Both of what a cycle is for, handled alike. */
type Commits = Pick<Committer, 'add' | 'forget' | 'flush' | 'close'>;

type MakeCommits = (...given: ConstructorParameters<typeof Committer>) => Commits;

/** Each point as what settled in a lane of its own partition, which is forgotten with its epoch. */
class CommitsOfLanes implements Commits {
  readonly #commit: WatermarkCommit;
  readonly #lanes = new Map<string, ScriptedLane>();

  constructor(...given: ConstructorParameters<typeof WatermarkCommit>) {
    this.#commit = new WatermarkCommit(...given);
  }

  add(at: OffsetCommit): void {
    const name = shown({ ...at, offset: 0 });
    const lane = this.#lanes.get(name) ?? new ScriptedLane(at);
    this.#lanes.set(name, lane);
    lane.watermark.settle(lane.watermark.below, at.offset);
    this.#commit.moved(lane);
  }

  forget(topic: string, partition: number): void {
    const name = shown(point(partition, 0, topic));
    const lane = this.#lanes.get(name);
    this.#lanes.delete(name);
    if (lane === undefined) return;
    lane.ended = true;
    this.#commit.forget(lane);
  }

  flush(): Promise<void> {
    return this.#commit.flush();
  }

  close(): void {
    this.#commit.close();
  }
}

class ScriptedLane implements CommitLane {
  readonly topic: string;
  readonly partition: number;
  readonly epoch: number;
  readonly task = { name: 't/0' };
  readonly watermark = new Watermark();
  ended = false;
  dirty = false;

  constructor({ topic, partition, epoch }: AssignedPartition) {
    this.topic = topic;
    this.partition = partition;
    this.epoch = epoch;
  }
}

const sources: readonly (readonly [string, MakeCommits])[] = [
  ['points that are handed over', (...given) => new Committer(...given)],
  ['lanes that moved', (...given) => new CommitsOfLanes(...given)],
];

describe.each(sources)('commits of %s', (_source, make) => {
  function committing(options: Partial<CommitterOptions> = {}) {
    const clock = new VirtualClock();
    const target = new ScriptedTarget(clock);
    const results: CommitResult[] = [];
    const commits = make(target, { clock, ...defaults.commit, ...options }, result => results.push(result));
    /** Each result as one line: why, what, and how it ended. */
    const told = (): readonly string[] =>
      results.map(
        ({ trigger, offsets, error }) => `${trigger} ${offsets.map(shown).join(' ')} ${error?.code ?? 'ok'}`,
      );
    return { clock, target, commits, results, told };
  }

  describe('when a commit is made', () => {
    test('an interval after the first point, not after the last', async () => {
      const { clock, target, commits, told } = committing({ intervalMs: 1000 });
      commits.add(point(0, 1));
      await advance(clock, 900);
      commits.add(point(0, 2));
      await advance(clock, 99);
      expect(target.requests).toEqual([]);
      await advance(clock, 1);
      expect(target.requests).toEqual([{ at: 1000, offsets: ['t/0@2'] }]);
      expect(told()).toEqual(['interval t/0@2 ok']);
    });

    test('at once when `every` points wait', async () => {
      const { target, commits, told } = committing({ every: 3 });
      commits.add(point(0, 1));
      commits.add(point(1, 1));
      expect(target.requests).toEqual([]);
      commits.add(point(0, 2));
      expect(target.requests).toEqual([{ at: 0, offsets: ['t/0@2', 't/1@1'] }]);
      await settle();
      expect(told()).toEqual(['every t/0@2 t/1@1 ok']);
    });

    test('at once on flush', async () => {
      const { clock, commits, told } = committing();
      commits.add(point(0, 1));
      await commits.flush();
      expect(told()).toEqual(['flush t/0@1 ok']);
      // The timer went with it.
      expect(clock.pending).toBe(0);
    });

    test('never while nothing is new', async () => {
      const { clock, target, commits } = committing();
      await commits.flush();
      commits.add(point(0, 1));
      await advance(clock, 60_000);
      await commits.flush();
      expect(target.requests).toHaveLength(1);
      expect(clock.pending).toBe(0);
    });

    test('the points of a commit count once: `every` begins anew behind it', async () => {
      const { target, commits } = committing({ every: 2 });
      for (let offset = 1; offset <= 4; offset++) {
        commits.add(point(0, offset));
        await settle();
      }
      expect(target.requests.map(request => request.offsets)).toEqual([['t/0@2'], ['t/0@4']]);
    });
  });

  describe('what a commit carries', () => {
    test('the newest offset of each partition, whatever their topics', async () => {
      const { target, commits } = committing();
      for (const each of [point(0, 1), point(0, 9), point(1, 4), point(0, 7, 'u'), point(1, 5)])
        commits.add(each);
      await commits.flush();
      expect(target.requests.map(request => [...request.offsets].sort())).toEqual([
        ['t/0@9', 't/1@5', 'u/0@7'],
      ]);
    });

    test('one is in flight, and everything since is merged into the next', async () => {
      const { clock, target, commits, told } = committing({ every: 2, intervalMs: 1000 });
      target.hold();
      commits.add(point(0, 1));
      commits.add(point(0, 2));
      for (let offset = 3; offset <= 9; offset++) commits.add(point(0, offset));
      commits.add(point(1, 1));
      await advance(clock, 60_000);
      expect(target.requests).toEqual([{ at: 0, offsets: ['t/0@2'] }]);
      target.release();
      await settle();
      expect(told()).toEqual(['every t/0@2 ok', 'every t/0@9 t/1@1 ok']);
      expect(target.mostInFlight).toBe(1);
    });

    test('what came in flight and is not enough for `every` waits an interval from the answer', async () => {
      const { clock, target, commits } = committing({ every: 2, intervalMs: 1000 });
      target.hold();
      commits.add(point(0, 1));
      commits.add(point(0, 2));
      commits.add(point(0, 3));
      await advance(clock, 5000);
      target.release();
      await advance(clock, 1000);
      expect(target.requests.map(request => request.at)).toEqual([0, 6000]);
    });

    test('nothing of a partition that was forgotten', async () => {
      const { target, commits } = committing();
      commits.add(point(0, 1));
      commits.add(point(1, 1));
      commits.add(point(0, 1, 'u'));
      commits.forget('t', 0);
      commits.forget('unheard of', 7);
      await commits.flush();
      expect(target.requests).toEqual([{ at: 0, offsets: ['t/1@1', 'u/0@1'] }]);
    });

    test('no request at all when everything was forgotten', async () => {
      const { clock, target, commits } = committing();
      commits.add(point(0, 1));
      commits.forget('t', 0);
      await advance(clock, 10_000);
      await commits.flush();
      expect(target.requests).toEqual([]);
    });
  });

  describe('a commit that fails', () => {
    test('is tried again after 100 ms, doubling up to 3 s, for 15.1 s in all, and then waits for the next', async () => {
      const { clock, target, commits, results, told } = committing();
      target.answer(...Array.from({ length: 20 }, retriable));
      commits.add(point(0, 1));
      const flushed = commits.flush();
      await advance(clock, 15_100);
      await flushed;
      const waits = target.requests.map(({ at }, i) => at - (target.requests[i - 1]?.at ?? 0));
      expect(waits).toEqual([0, 100, 200, 400, 800, 1600, 3000, 3000, 3000, 3000]);
      expect(told()).toEqual(['flush t/0@1 COMMIT_FAILED']);
      expect(results[0]?.tookMs).toBe(15_100);
      await advance(clock, 1000);
      expect(target.requests.at(-1)?.at).toBe(16_100);
    });

    test('is made again after the interval, unless its partition was given up meanwhile', async () => {
      const { clock, target, commits, told } = committing();
      target.answer(new Error('gone'), new Error('gone'));
      commits.add(point(0, 1));
      commits.add(point(1, 1));
      const flushed = commits.flush();
      commits.forget('t', 1);
      await flushed;
      await advance(clock, 5000);
      expect(told().at(-1)).toBe('interval t/0@1 ok');
    });

    test('is confirmed by a later try, and says how long that took', async () => {
      const { clock, target, commits, results, told } = committing();
      target.answer(retriable(), retriable());
      commits.add(point(0, 1));
      void commits.flush();
      await advance(clock, 1000);
      expect(target.requests.map(request => request.at)).toEqual([0, 100, 300]);
      expect(told()).toEqual(['flush t/0@1 ok']);
      expect(results[0]?.tookMs).toBe(300);
    });

    test('is one commit in flight while it is tried again', async () => {
      const { clock, target, commits } = committing({ every: 1 });
      target.answer(retriable());
      commits.add(point(0, 1));
      await settle();
      commits.add(point(0, 2));
      await settle();
      expect(target.requests).toHaveLength(1);
      await advance(clock, 100);
      expect(target.requests).toEqual([
        { at: 0, offsets: ['t/0@1'] },
        { at: 100, offsets: ['t/0@1'] },
        { at: 100, offsets: ['t/0@2'] },
      ]);
    });

    test.each([
      ['our own error that is not retriable', new (class extends Error {})('x')],
      ['a stranger', new TypeError('a value of a record')],
    ])('is given up at once for %s, which is named and not quoted', async (_, cause) => {
      const { target, commits, results } = committing();
      target.answer(cause);
      commits.add(point(0, 1));
      await commits.flush();
      expect(target.requests).toHaveLength(1);
      expect(results[0]?.error).toMatchObject({ code: 'COMMIT_FAILED' });
      expect(results[0]?.error?.original()).toBe(cause);
      expect(results[0]?.error?.message).not.toContain(cause.message === 'x' ? "'x'" : cause.message);
    });

    test('loses nothing: the next commit carries what is newer', async () => {
      const { target, commits, told } = committing({ every: 1 });
      target.answer(new Error('gone'));
      commits.add(point(0, 1));
      await settle();
      commits.add(point(0, 2));
      await settle();
      expect(told()).toEqual(['every t/0@1 COMMIT_FAILED', 'every t/0@2 ok']);
    });

    /** Refuses what holds one of these partitions, as a driver does. */
    const refusing =
      (...stale: readonly number[]) =>
      (offsets: readonly { readonly partition: number }[]) =>
        offsets.some(({ partition }) => stale.includes(partition)) ? refused() : undefined;

    test('refused for one partition: the others are committed, the halves apart', async () => {
      const { target, commits, told } = committing();
      target.answer(...Array.from({ length: 9 }, () => refusing(1)));
      for (const partition of [0, 1, 2, 3]) commits.add(point(partition, 5));
      await commits.flush();
      expect(target.requests.map(request => request.offsets)).toEqual([
        ['t/0@5', 't/1@5', 't/2@5', 't/3@5'],
        ['t/0@5', 't/1@5'],
        ['t/0@5'],
        ['t/1@5'],
        ['t/2@5', 't/3@5'],
      ]);
      expect(told()).toEqual(['flush t/0@5 ok', 'flush t/1@5 COMMIT_REFUSED', 'flush t/2@5 t/3@5 ok']);
      expect(target.mostInFlight).toBe(1);
    });

    test('refused for one of 500 partitions takes a few requests, not 500', async () => {
      const { target, commits, results } = committing();
      target.answer(...Array.from({ length: 600 }, () => refusing(321)));
      for (let partition = 0; partition < 500; partition++) commits.add(point(partition, 5));
      await commits.flush();
      expect(target.requests.length).toBeLessThanOrEqual(20);
      const confirmed = results.filter(({ error }) => error === undefined).flatMap(({ offsets }) => offsets);
      expect(confirmed).toHaveLength(499);
    });

    test('refused while partitions were given up: the rest is committed at once', async () => {
      const { target, commits, told } = committing();
      target.hold();
      const stale = Array.from({ length: 250 }, (_, i) => 2 * i);
      target.answer(...Array.from({ length: 600 }, () => refusing(...stale)));
      for (let partition = 0; partition < 500; partition++) commits.add(point(partition, 5));
      const flushed = commits.flush();
      await settle();
      for (const partition of stale) commits.forget('t', partition);
      target.release();
      await flushed;
      expect(target.requests.map(({ offsets }) => offsets.length)).toEqual([500, 250]);
      expect(told()).toHaveLength(1);
    });
  });

  describe('flush', () => {
    test('resolves when what waits and what is in flight is confirmed, including what comes meanwhile', async () => {
      const { target, commits } = committing({ every: 1 });
      target.hold();
      commits.add(point(0, 1));
      commits.add(point(0, 2));
      let flushed = false;
      const flushing = commits.flush().then(() => {
        flushed = true;
      });
      commits.add(point(1, 7));
      await settle();
      expect(flushed).toBe(false);
      target.release();
      await flushing;
      expect(target.requests.flatMap(request => request.offsets)).toEqual(['t/0@1', 't/0@2', 't/1@7']);
    });

    test('resolves and does not reject when the commit was given up', async () => {
      const { target, commits, told } = committing();
      target.answer(new Error('gone'));
      commits.add(point(0, 1));
      await expect(commits.flush()).resolves.toBeUndefined();
      expect(told()).toEqual(['flush t/0@1 COMMIT_FAILED']);
    });
  });

  describe('close', () => {
    test('ends a commit that waits for its next try: no timer is left, and no other request comes', async () => {
      const { clock, target, commits, told } = committing();
      target.answer(retriable(), retriable());
      commits.add(point(0, 1));
      void commits.flush();
      await advance(clock, 150);
      commits.close();
      expect(clock.pending).toBe(0);
      await advance(clock, 60_000);
      expect(target.requests.map(request => request.at)).toEqual([0, 100]);
      expect(told()).toEqual(['flush t/0@1 COMMIT_FAILED']);
    });

    test('cancels the timer and commits nothing more', async () => {
      const { clock, target, commits } = committing();
      commits.add(point(0, 1));
      commits.close();
      expect(clock.pending).toBe(0);
      await advance(clock, 60_000);
      await commits.flush();
      expect(target.requests).toEqual([]);
    });
  });
});
