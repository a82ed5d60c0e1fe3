import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { AppTask, Order, Report } from './messages.js';

const restartMs = 300;
/** What a process has for dying after its app has stopped, beyond the deadline of the stop. */
const exitMs = 45_000;
/** A status older than this is not the state of now. */
const freshMs = 500;

export interface MemberContext {
  readonly name: string;
  readonly task: AppTask;
  /** What it runs. Default: the app of the chaos run. */
  readonly program?: string;
  readonly event: (member: string, atMs: number, text: string) => void;
  readonly rejection: (text: string) => void;
  /** It was killed, and its successor is not there yet. */
  readonly killed?: (member: string) => void;
}

export interface Stopped {
  readonly deadlineMs: number;
  readonly tookMs: number;
}

/** One app process and its supervisor: started again whenever it ends without having been told to. */
export class Member {
  readonly name: string;
  readonly folder: string;
  readonly #context: MemberContext;
  #child: ChildProcess | undefined;
  #wanted = false;
  #status: { inFlight: number; ready: boolean; atMs: number } = { inFlight: 0, ready: false, atMs: 0 };
  #peakRssMb = 0;
  #heard: (report: Report) => void = () => {};

  constructor(context: MemberContext) {
    this.#context = context;
    this.name = context.name;
    this.folder = context.task.folder;
    mkdirSync(this.folder, { recursive: true });
  }

  get running(): boolean {
    return this.#wanted;
  }

  get ready(): boolean {
    return this.#status.ready && Date.now() - this.#status.atMs < freshMs;
  }

  get inFlight(): number {
    return Date.now() - this.#status.atMs < freshMs ? this.#status.inFlight : 0;
  }

  get peakRssMb(): number {
    return this.#peakRssMb;
  }

  start(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#launch();
  }

  async untilReady(boundMs: number): Promise<boolean> {
    const until = Date.now() + boundMs;
    while (!this.ready && Date.now() < until) await delay(50);
    return this.ready;
  }

  /** @throws when it is not ready in time */
  async requireReady(boundMs: number): Promise<void> {
    if (!(await this.untilReady(boundMs))) throw new Error(`${this.name} was not ready within ${boundMs} ms`);
  }

  order(order: Order): void {
    if (this.#child?.connected === true) this.#child.send(order);
  }

  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(signal);
  }

  /** A graceful stop; `tookMs` is the app's own measure, or the time until the process was gone. */
  async stop(deadlineMs: number): Promise<Stopped> {
    this.#wanted = false;
    const child = this.#child;
    if (child === undefined) return { deadlineMs, tookMs: 0 };
    const from = Date.now();
    let tookMs: number | undefined;
    this.#heard = report => {
      if (report.report === 'stopped') tookMs = report.tookMs;
    };
    this.order({ order: 'stop', deadlineMs });
    const late = setTimeout(() => child.kill('SIGKILL'), deadlineMs + exitMs);
    await exited(child);
    clearTimeout(late);
    return { deadlineMs, tookMs: tookMs ?? Date.now() - from };
  }

  /** At once and for good. */
  async kill(): Promise<void> {
    this.#wanted = false;
    const child = this.#child;
    child?.kill('SIGKILL');
    if (child !== undefined) await exited(child);
  }

  #launch(): void {
    const { task, program = join('spec', 'chaos', 'app.ts') } = this.#context;
    const child = fork(program, [JSON.stringify(task)], {
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#child = child;
    this.#event(`started as ${child.pid}`);
    child.on('message', (report: Report) => this.#hear(report));
    child.on('error', error => this.#event(`process error: ${error.message}`));
    child.once('exit', (code, signal) => {
      this.#event(`ended by ${signal ?? `code ${code}`}`);
      if (this.#child === child) this.#child = undefined;
      this.#status = { inFlight: 0, ready: false, atMs: 0 };
      if (!this.#wanted) return;
      if (signal === 'SIGKILL') this.#context.killed?.(this.name);
      setTimeout(() => {
        if (this.#wanted && this.#child === undefined) this.#launch();
      }, restartMs);
    });
  }

  #hear(report: Report): void {
    if (report.report === 'status') {
      this.#status = { inFlight: report.inFlight, ready: report.ready, atMs: Date.now() };
      this.#peakRssMb = Math.max(this.#peakRssMb, report.rssMb);
    }
    if (report.report === 'event') this.#context.event(this.name, report.atMs, report.text);
    if (report.report === 'rejection') this.#context.rejection(`${this.name}: ${report.text}`);
    this.#heard(report);
  }

  #event(text: string): void {
    this.#context.event(this.name, Date.now(), text);
  }
}

async function exited(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>(resolve => child.once('exit', () => resolve()));
}
