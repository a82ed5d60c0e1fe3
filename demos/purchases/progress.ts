import type { Clock, Timer } from 'kafka-rx';
import { shown, thousands } from './columns.js';

/** How far a run is, at one moment; all but `lag` are asked for, none is estimated. */
export interface ProgressSnapshot {
  /** Records read so far. */
  readonly consumed: number;
  /** Records that were read and are not settled yet. */
  readonly inFlight: number;
  /** Records that wait in the topic, over all partitions of this member; undefined while that is unknown. */
  readonly lag: number | undefined;
  /** What the run is doing, when that is not consuming: `publishing`, `waiting for partitions`, `draining`. */
  readonly phase?: string | undefined;
}

/** As much of `process.stderr` as progress needs. */
export interface ProgressStream {
  readonly isTTY?: boolean | undefined;
  /** Characters in a line; undefined where there is no terminal. */
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

export interface ProgressOptions {
  /** Asked once an interval, and when the line is drawn again. */
  readonly snapshot: () => ProgressSnapshot;
  /** Default `process.stderr`. */
  readonly stream?: ProgressStream | undefined;
  /** Milliseconds between two drawings. Default 250. */
  readonly intervalMs?: number | undefined;
  readonly clock: Clock;
}

export interface Progress {
  /** Prints a line above the progress line; in a pipe, the line alone. */
  print(line: string): void;
  /** Wipes the progress line and draws no more; idempotent. `print` goes on working. */
  stop(): void;
}

const eraseLine = '\r\u001b[2K';

/** One line that is drawn over and over on a terminal; silent in a pipe. Starts at once. */
export function showProgress(options: ProgressOptions): Progress {
  const { snapshot, stream = process.stderr, intervalMs = 250, clock } = options;
  let live = stream.isTTY === true;
  let timer: Timer | undefined;
  let since = { at: clock.elapsed(), consumed: snapshot().consumed };
  let rate = 0;

  const draw = (now: ProgressSnapshot): void => {
    // One column stays free: a terminal that has just filled its last column may wrap.
    const line = shown(renderProgress(now, rate), Math.max(1, (stream.columns ?? 80) - 1));
    stream.write(eraseLine + line);
  };
  const tick = (): void => {
    const now = snapshot();
    const at = clock.elapsed();
    if (at > since.at) rate = ((now.consumed - since.consumed) * 1000) / (at - since.at);
    since = { at, consumed: now.consumed };
    draw(now);
    timer = clock.schedule(tick, intervalMs);
  };
  if (live) tick();

  return {
    print(line) {
      stream.write(`${live ? eraseLine : ''}${line}\n`);
      if (live) draw(snapshot());
    },
    stop() {
      if (!live) return;
      live = false;
      timer?.cancel();
      stream.write(eraseLine);
    },
  };
}

/** @param rate records a second over the last interval */
export function renderProgress({ consumed, inFlight, lag, phase }: ProgressSnapshot, rate: number): string {
  return [
    ...(phase === undefined ? [] : [phase]),
    `${thousands(consumed)} records`,
    `${thousands(rate)} records/s`,
    `lag ${lag === undefined ? '?' : thousands(lag)}`,
    `${thousands(inFlight)} in flight`,
  ].join(' · ');
}
