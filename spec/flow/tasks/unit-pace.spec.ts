/** How a task's units find their size, by a model of a task that settles its records in parallel calls. */
import fc from 'fast-check';
import { type UnitBounds, UnitPace } from '../../../lib/flow/tasks/unit-pace.js';

const bounds: UnitBounds = {
  intervalMs: 100,
  maxRecords: 10_000,
  maxUnsettled: 20_000,
  transactionTimeoutMs: 60_000,
};

const one = () => 1;

/** A backlog through `width` calls at once of `callMs` each, unit by unit: milliseconds that each took to settle. */
function units(pace: UnitPace, count: number, width: number, callMs: number): readonly number[] {
  return Array.from({ length: count }, () => {
    const unsettled = pace.maxUnsettled;
    const settleMs = Math.ceil(unsettled / width) * callMs;
    pace.committed({ unsettled, settleMs, behind: true }, 1);
    return settleMs;
  });
}

describe('the pace of units', () => {
  test('stays as asked for while settling takes no more than a tenth of the interval', () => {
    const pace = new UnitPace(bounds, one);
    for (let i = 0; i < 100; i++) pace.committed({ unsettled: 50, settleMs: 10, behind: true }, 1);
    expect([pace.intervalMs, pace.maxRecords, pace.maxUnsettled]).toEqual([100, 10_000, 256]);
  });

  test('stays as asked for where nothing waits, however long settling takes', () => {
    const pace = new UnitPace(bounds, one);
    for (let i = 0; i < 100; i++) pace.committed({ unsettled: 16, settleMs: 60, behind: false }, 1);
    expect(pace.intervalMs).toBe(100);
    pace.committed({ unsettled: 16, settleMs: 60, behind: true }, 1);
    expect(pace.intervalMs).toBe(600);
  });

  test('many tasks with a backlog commit no more than a hundred units a second together, within ten intervals', () => {
    const intervals = [1, 4, 20, 50, 100, 1_000].map(tasks => {
      const pace = new UnitPace(bounds, () => tasks);
      pace.committed({ unsettled: 2, settleMs: 1, behind: true }, 1);
      return pace.intervalMs;
    });
    expect(intervals).toEqual([100, 100, 200, 500, 1_000, 1_000]);
  });

  test('many tasks are as prompt as few where nothing waits, and where most of them went elsewhere', () => {
    let tasks = 100;
    const pace = new UnitPace(bounds, () => tasks);
    pace.committed({ unsettled: 2, settleMs: 1, behind: false }, 1);
    expect(pace.intervalMs).toBe(100);
    pace.committed({ unsettled: 2, settleMs: 1, behind: true }, 1);
    expect(pace.intervalMs).toBe(1_000);
    tasks = 30;
    for (let i = 0; i < 20; i++) pace.committed({ unsettled: 2, settleMs: 1, behind: true }, 1);
    expect(pace.intervalMs).toBe(300);
    for (let i = 0; i < 20; i++) pace.committed({ unsettled: 2, settleMs: 1, behind: false }, 1);
    expect(pace.intervalMs).toBe(100);
  });

  test('units go on for twice what the brokers take to commit one, whether records wait or not', () => {
    const pace = new UnitPace(bounds, one);
    const unit = { unsettled: 2, settleMs: 1, behind: false };
    for (let i = 0; i < 3; i++) pace.committed(unit, 50);
    expect(pace.intervalMs).toBe(100);
    // A commit that took long alone says nothing of the next.
    pace.committed(unit, 400);
    expect(pace.intervalMs).toBe(100);
    pace.committed(unit, 300);
    expect(pace.intervalMs).toBe(600);
    for (let i = 0; i < 3; i++) pace.committed(unit, 5_000);
    expect(pace.intervalMs).toBe(1_000);
    for (let i = 0; i < 30; i++) pace.committed(unit, 20);
    expect(pace.intervalMs).toBe(100);
  });

  test('lets more be under way at once also where a barrier finds a little less than there may be', () => {
    const pace = new UnitPace(bounds, one);
    for (let i = 0; i < 10; i++)
      pace.committed({ unsettled: Math.ceil(pace.maxUnsettled * 0.7), settleMs: 5, behind: true }, 1);
    expect(pace.maxUnsettled).toBe(10_000);
  });

  test('lets more be under way at once where what there may be settles quickly', () => {
    const pace = new UnitPace(bounds, one);
    const seen = Array.from({ length: 7 }, () => {
      const { maxUnsettled } = pace;
      pace.committed({ unsettled: maxUnsettled, settleMs: 5, behind: true }, 1);
      return maxUnsettled;
    });
    expect(seen).toEqual([256, 512, 1024, 2048, 4096, 8192, 10_000]);
  });

  test('sixteen calls of 50 ms with a backlog: settling comes to a tenth of the longest interval, and keeps the calls busy', () => {
    const pace = new UnitPace(bounds, one);
    const last = units(pace, 20, 16, 50).slice(-5);
    expect(Math.max(...last)).toBeLessThanOrEqual(150);
    expect(pace.maxUnsettled).toBeGreaterThanOrEqual(16);
    expect(pace.intervalMs).toBe(1_000);
  });

  test('a slow call alone does not make fewer of what runs side by side, while the transaction has time for it', () => {
    const pace = new UnitPace(bounds, one);
    units(pace, 20, 16, 3_000);
    expect(pace.maxUnsettled).toBe(32);
  });

  test('what would not settle before the transaction ends by itself is let through one by one', () => {
    const pace = new UnitPace(bounds, one);
    for (let i = 0; i < 30; i++)
      pace.committed({ unsettled: pace.maxUnsettled, settleMs: 20_000, behind: true }, 1);
    expect(pace.maxUnsettled).toBe(1);
  });

  test('however slow the calls are, aborts come to an end where one record has time to settle', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 50_000 }), (width, callMs) => {
        const pace = new UnitPace(bounds, one);
        const aborted = Array.from({ length: 100 }, () => {
          const unsettled = pace.maxUnsettled;
          const settleMs = Math.ceil(unsettled / width) * callMs;
          const isOver = pace.intervalMs + settleMs > bounds.transactionTimeoutMs;
          if (isOver) pace.aborted(unsettled);
          else pace.committed({ unsettled, settleMs, behind: true }, 1);
          return isOver;
        });
        expect(aborted.slice(-80)).not.toContain(true);
      }),
    );
  });

  test('comes back to what was asked for when the slowness is over', () => {
    const pace = new UnitPace(bounds, one);
    units(pace, 20, 16, 50);
    for (let i = 0; i < 200; i++)
      pace.committed({ unsettled: pace.maxUnsettled, settleMs: 1, behind: true }, 1);
    expect([pace.intervalMs, pace.maxUnsettled]).toEqual([100, 10_000]);
  });

  test('an aborted unit is tried again with a quarter, down to one record, and grows with each that passes', () => {
    const pace = new UnitPace(bounds, one);
    const sizes: number[] = [];
    for (let i = 0; i < 8; i++) {
      pace.aborted(pace.maxRecords);
      sizes.push(pace.maxRecords);
    }
    expect(sizes).toEqual([2500, 625, 156, 39, 9, 2, 1, 1]);
    expect([pace.isSingle, pace.maxUnsettled]).toEqual([true, 1]);
    pace.committed({ unsettled: 1, settleMs: 1, behind: true }, 1);
    expect([pace.isSingle, pace.maxRecords]).toEqual([false, 2]);
  });

  test('a unit that failed before it held a record says nothing of its records', () => {
    const pace = new UnitPace(bounds, one);
    pace.aborted(0);
    expect(pace.maxRecords).toBe(10_000);
  });

  test('poison is alone after as many aborts as its unit has powers of four, wherever it stands', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), fc.nat(), (backlog, place) => {
        const pace = new UnitPace(bounds, one);
        const poison = place % backlog;
        let begin = 0;
        let aborts = 0;
        while (begin <= poison) {
          const end = Math.min(backlog, begin + pace.maxRecords);
          if (poison >= end) {
            begin = end;
            pace.committed({ unsettled: 1, settleMs: 1, behind: true }, 1);
            continue;
          }
          if (end - begin === 1) break;
          pace.aborted(end - begin);
          aborts++;
        }
        expect(begin).toBe(poison);
        // Growing again in between costs some more, never without an end.
        expect(aborts).toBeLessThanOrEqual(100);
      }),
    );
  });

  test('never leaves its bounds, whatever is told', () => {
    const told = fc.oneof(
      fc.record({
        unsettled: fc.nat(50_000),
        settleMs: fc.double({ min: 0, max: 1e6, noNaN: true }),
        behind: fc.boolean(),
        commitMs: fc.double({ min: 0, max: 1e6, noNaN: true }),
      }),
      fc.nat(50_000),
    );
    fc.assert(
      fc.property(fc.array(told, { maxLength: 60 }), all => {
        const pace = new UnitPace(bounds, one);
        for (const one of all) {
          if (typeof one === 'number') pace.aborted(one);
          else pace.committed(one, one.commitMs);
          expect(pace.intervalMs).toBeGreaterThanOrEqual(100);
          expect(pace.intervalMs).toBeLessThanOrEqual(1_000);
          for (const whole of [pace.maxRecords, pace.maxUnsettled]) {
            expect(Number.isInteger(whole)).toBe(true);
            expect(whole).toBeGreaterThanOrEqual(1);
          }
          expect(pace.maxRecords).toBeLessThanOrEqual(10_000);
          expect(pace.maxUnsettled).toBeLessThanOrEqual(20_000);
        }
      }),
    );
  });
});
