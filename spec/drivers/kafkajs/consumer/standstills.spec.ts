import { systemClock } from '../../../../lib/base/clock.js';
import { Assignment } from '../../../../lib/drivers/kafkajs/consumer/assignment.js';
import { Standstills } from '../../../../lib/drivers/kafkajs/consumer/standstills.js';
import type { FetchedPartition } from '../../../../lib/drivers/kafkajs/protocol/fetch.js';

const at = { topic: 't', partition: 0 };

/** One partition that was assigned, and what a test says of its fetches. */
function assigned({ readCommitted = true, gone = false } = {}) {
  let now = 0;
  const clock = {
    ...systemClock,
    elapsed: () => now,
    advance: (ms: number) => {
      now += ms;
    },
  };
  const assignment = new Assignment();
  const standstills = new Standstills({
    clock,
    assignment,
    maxWaitMs: 500,
    readCommitted,
    isGone: () => gone,
  });
  assignment.replace([at]);
  standstills.begin();
  const state = assignment.get(at);
  if (state === undefined) throw new Error('it was assigned');
  return {
    clock,
    assignment,
    standstills,
    state,
    answer: (position: number, lastStableOffset: number, highWatermark: number) => {
      const fetched: FetchedPartition = {
        ...at,
        ...{ lastStableOffset, highWatermark },
        ...{ errorCode: 0, logStartOffset: 0, aborted: [], records: Buffer.alloc(0), diverging: undefined },
      };
      state.position = position;
      standstills.answered(state, fetched);
    },
    told: () =>
      standstills.list().map(({ cause, offset, records, since }) => [cause, offset, records, since]),
  };
}

describe('a partition of the fast path stands still', () => {
  test('at the last stable offset, below the end, since the first answer that said so', () => {
    const { clock, answer, told } = assigned();
    answer(5, 9, 12);
    expect(told()).toEqual([]);
    clock.advance(100);
    answer(9, 9, 12);
    clock.advance(400);
    answer(9, 9, 20);
    expect(told()).toEqual([['open-transaction', 9, 11, 100]]);
    clock.advance(400);
    answer(20, 20, 20);
    expect(told()).toEqual([]);
  });

  test('not for readers of all records, nor where a broker tells no last stable offset', () => {
    const all = assigned({ readCommitted: false });
    all.answer(9, 9, 12);
    const old = assigned();
    old.answer(-1, -1, 12);
    expect([all.told(), old.told()]).toEqual([[], []]);
  });

  test('where nobody answers, as for a partition without a leader: since the last answer, or the assignment', () => {
    const { clock, answer, told } = assigned();
    clock.advance(900);
    expect(told()).toEqual([]);
    clock.advance(200);
    expect(told()).toEqual([['unanswered', -1, 0, 0]]);
    answer(3, 3, 3);
    expect(told()).toEqual([]);
    clock.advance(2000);
    expect(told()).toEqual([['unanswered', 3, 0, 1100]]);
  });

  test('not while the app is asked where it begins, and counted from then; an assignment ends what is asked', async () => {
    const { clock, standstills, told } = assigned();
    let answer = (): void => {};
    const asked = standstills.excused(
      new Promise<void>(resolve => {
        answer = resolve;
      }),
    );
    clock.advance(60_000);
    expect(told()).toEqual([]);
    answer();
    await asked;
    expect(told()).toEqual([]);
    clock.advance(2000);
    expect(told()).toEqual([['unanswered', -1, 0, 60_000]]);
    void standstills.excused(new Promise<never>(() => {}));
    expect(told()).toEqual([]);
    standstills.begin();
    clock.advance(2000);
    expect(told()).toEqual([['unanswered', -1, 0, 62_000]]);
  });

  test('not while it is paused or parked, and anew once it goes on; not where it was sought elsewhere', () => {
    const { clock, assignment, standstills, state, answer, told } = assigned();
    answer(9, 9, 12);
    state.paused = true;
    clock.advance(60_000);
    expect(told()).toEqual([]);
    state.paused = false;
    standstills.goesOn(state);
    expect(told()).toEqual([]);
    answer(9, 9, 12);
    expect(told()).toEqual([['open-transaction', 9, 3, 60_000]]);
    assignment.seek(at, 3);
    expect(told()).toEqual([]);
  });

  test('not while it is given up, nor where its topic is gone: that is told otherwise', () => {
    const leaving = assigned();
    leaving.answer(9, 9, 12);
    leaving.assignment.close();
    const gone = assigned({ gone: true });
    gone.clock.advance(60_000);
    expect([leaving.told(), gone.told()]).toEqual([[], []]);
  });
});
