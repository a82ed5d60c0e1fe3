import { type ProgressSnapshot, renderProgress, showProgress } from '../../../demos/purchases/progress.js';
import type { Clock } from '../../../lib/base/clock.js';

/** A clock of which only `schedule` and `elapsed` move. */
function steppedClock(): Clock & { advance(ms: number): void; readonly pending: number } {
  let at = 0;
  let due: { readonly task: () => void; readonly at: number }[] = [];
  return {
    now: () => at,
    elapsed: () => at,
    defer: task => task(),
    schedule(task, delayMs) {
      const entry = { task, at: at + delayMs };
      due.push(entry);
      return {
        cancel() {
          due = due.filter(other => other !== entry);
        },
      };
    },
    advance(ms) {
      at += ms;
      const ready = due.filter(entry => entry.at <= at);
      due = due.filter(entry => entry.at > at);
      for (const { task } of ready) task();
    },
    get pending() {
      return due.length;
    },
  };
}

function terminal(isTTY: boolean, width = 80) {
  const written: string[] = [];
  return { isTTY, columns: width, written, write: (text: string) => written.push(text) };
}

describe('progress', () => {
  const erase = '\r\u001b[2K';
  let now: ProgressSnapshot;
  beforeEach(() => {
    now = { consumed: 0, inFlight: 0, lag: undefined, phase: 'waiting for partitions' };
  });

  it('is one line that is drawn over itself', () => {
    const clock = steppedClock();
    const stream = terminal(true);
    const progress = showProgress({ snapshot: () => now, stream, clock, intervalMs: 500 });
    now = { consumed: 6000, inFlight: 512, lag: 63_659 };
    clock.advance(500);
    progress.stop();
    progress.stop();
    expect(stream.written).toEqual([
      `${erase}waiting for partitions · 0 records · 0 records/s · lag ? · 0 in flight`,
      `${erase}6,000 records · 12,000 records/s · lag 63,659 · 512 in flight`,
      erase,
    ]);
    expect(clock.pending).toBe(0);
  });

  it('is silent in a pipe, and asks for nothing', () => {
    const clock = steppedClock();
    const stream = terminal(false);
    const progress = showProgress({ snapshot: () => now, stream, clock });
    clock.advance(10_000);
    progress.stop();
    expect(stream.written).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('makes room for a line of print, with and without a terminal', () => {
    const clock = steppedClock();
    const stream = terminal(true);
    const progress = showProgress({ snapshot: () => now, stream, clock });
    progress.print('a warning');
    progress.stop();
    progress.print('another');
    const line = `${erase}waiting for partitions · 0 records · 0 records/s · lag ? · 0 in flight`;
    expect(stream.written).toEqual([line, `${erase}a warning\n`, line, erase, 'another\n']);

    const pipe = terminal(false);
    showProgress({ snapshot: () => now, stream: pipe, clock }).print('a warning');
    expect(pipe.written).toEqual(['a warning\n']);
  });

  it('never fills the last column, where a terminal would wrap', () => {
    const stream = terminal(true, 30);
    showProgress({ snapshot: () => now, stream, clock: steppedClock() });
    expect(stream.written.map(text => text.slice(erase.length).length)).toEqual([29]);
  });

  it('shows the rate it is given, rounded', () => {
    expect(renderProgress({ consumed: 1_234_567, inFlight: 1, lag: 0 }, 999.6)).toBe(
      '1,234,567 records · 1,000 records/s · lag 0 · 1 in flight',
    );
  });
});
