import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { faultKinds } from '../../lib/testing/simulation/profile.js';
import { type SeedReport, type SeedRequest, workerArgv } from './messages.js';
import type { Guarantee } from './purchase-workload.js';
import type { System } from './systems.js';

/** Milliseconds that one seed may take: a loop without end is no violation. */
const mostMs = 120_000;

/** Runs seeds one by one, each once, in a process that runs the sources of another folder. */
export class SeedRunner {
  readonly #child: ChildProcess;
  readonly #guarantee: Guarantee;
  readonly #system: System;
  #told = '';
  #hasEnded = false;

  constructor(folder: string, guarantee: Guarantee, system: System) {
    this.#guarantee = guarantee;
    this.#system = system;
    this.#child = fork(join(folder, 'spec/simulation/worker.ts'), [], {
      cwd: folder,
      execArgv: [...workerArgv],
      silent: true,
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#told = (this.#told + text).slice(-4000);
    });
    this.#child.stdout?.resume();
    this.#child.once('close', () => {
      this.#hasEnded = true;
    });
  }

  /** Rejects where the process did not come to the seed's end. */
  run(seed: number): Promise<SeedReport> {
    const child = this.#child;
    return new Promise((resolve, reject) => {
      const settle = (end: () => void): void => {
        clearTimeout(timer);
        child.off('message', answered);
        child.off('close', closed);
        end();
      };
      const answered = (report: SeedReport): void => settle(() => resolve(report));
      const closed = (): void =>
        settle(() => reject(new Error(`the process ended with code ${child.exitCode}: ${this.#reason}`)));
      const late = (): void => settle(() => reject(new Error(`seed ${seed} took more than ${mostMs} ms`)));
      const timer = setTimeout(late, mostMs);
      child.on('message', answered);
      child.on('close', closed);
      const request: SeedRequest = {
        seeds: [seed],
        kinds: faultKinds,
        guarantee: this.#guarantee,
        system: this.#system,
        once: true,
      };
      if (this.#hasEnded) closed();
      else child.send(request);
    });
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }

  /** What it said last that is no line of a stack. */
  get #reason(): string {
    const lines = this.#told.split('\n').map(line => line.trim());
    const said = lines.filter(line => line !== '' && !/^(at |node:|Node\.js |\^)/.test(line));
    return (said.find(line => /error/i.test(line)) ?? said.at(-1) ?? 'it said nothing').slice(0, 300);
  }
}
