import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { SimulateArguments } from './arguments.js';
import { type SeedReport, type SeedRequest, workerArgv } from './messages.js';

export interface ManySeeds {
  readonly ran: number;
  readonly steps: number;
  readonly marks: ReadonlyMap<string, number>;
  /** Seeds that broke an invariant, in their order. */
  readonly failed: readonly SeedReport[];
  readonly tookMs: number;
}

/** Seeds handed to a process at once. */
const share = 10;

/** Runs seeds in several processes of the operating system, which end with this one. */
export async function manySeeds(
  {
    from,
    seeds,
    minutes,
    kinds,
    guarantee,
    system,
    processes,
    keepGoing,
  }: Omit<SimulateArguments, 'what' | 'pairs' | 'bug'>,
  progress: (ran: number, failed: number) => void,
): Promise<ManySeeds> {
  const began = performance.now();
  const marks = new Map<string, number>();
  const failed: SeedReport[] = [];
  let next = from;
  let ran = 0;
  let steps = 0;
  const isOver = (): boolean =>
    next >= from + seeds ||
    (failed.length > 0 && !keepGoing) ||
    (minutes !== undefined && performance.now() - began > minutes * 60_000);

  const note = (report: SeedReport): void => {
    ran++;
    steps += report.steps;
    for (const [mark, count] of report.marks) marks.set(mark, (marks.get(mark) ?? 0) + count);
    if (report.violation !== undefined) failed.push(report);
    progress(ran, failed.length);
  };

  const serve = (child: ChildProcess): Promise<void> =>
    new Promise((resolve, reject) => {
      let outstanding = 0;
      const hand = (): void => {
        if (isOver()) {
          child.disconnect();
          return;
        }
        const chosen = Array.from({ length: Math.min(share, from + seeds - next) }, (_, i) => next + i);
        next += chosen.length;
        outstanding = chosen.length;
        const request: SeedRequest = { seeds: chosen, kinds, guarantee, system };
        child.send(request);
      };
      child.on('message', (report: SeedReport) => {
        note(report);
        if (--outstanding === 0) hand();
      });
      child.once('error', reject);
      child.once('exit', code => {
        if (outstanding > 0) reject(new Error(`a process that ran seeds ended with code ${code}`));
        else resolve();
      });
      hand();
    });

  const worker = fileURLToPath(new URL('./worker.ts', import.meta.url));
  const children = Array.from({ length: Math.max(1, Math.min(processes, Math.ceil(seeds / share))) }, () =>
    fork(worker, [], { execArgv: [...workerArgv] }),
  );
  try {
    await Promise.all(children.map(serve));
  } finally {
    for (const child of children) child.kill();
  }
  failed.sort((a, b) => a.seed - b.seed);
  return { ran, steps, marks, failed, tookMs: performance.now() - began };
}
