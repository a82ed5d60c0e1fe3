/** A case through the public API: what the library answers to each of its inputs. */
import type { App } from 'kafka-rx';
import type { StateOptions } from 'kafka-rx/state';
import { type TestApp, testApp } from 'kafka-rx/testing';
import type { Answer } from '../answers.js';
import type { GoldenCase, GoldenOutput } from '../cases.js';
import { printed, topologies } from './topologies.js';
import { WatchedBackends } from './watched-backends.js';

export interface RunOptions {
  /** Where states lie. Default: in memory. */
  readonly backend?: StateOptions<string, unknown>['backend'];
  /** Stops where the case says so, and goes on with another app. */
  readonly restart: boolean;
}

/** What is not taken by an operator, or for its time not by the source. */
const drops = new Set(['late', 'expired', 'null-key', 'null-value', 'no-window', 'skipped']);

/** Where the clock of testApp begins. */
const startAt = Date.UTC(2024, 0, 1);

/** For real work, such as a disk's, virtual time cannot wait. */
const mostTurns = 5_000;

/** @throws what the app under test failed with */
export async function answersOf(
  of: GoldenCase,
  { backend, restart }: RunOptions,
): Promise<readonly Answer[]> {
  const topology = topologies.get(of.op);
  if (topology === undefined) throw new Error(`no topology for ${of.op}`);
  let wall = 0;
  const clock = { now: () => wall, startAt };
  const watched = backend && new WatchedBackends(backend);
  const make = (app: App) => topology({ app, of, backend: watched, clock });
  const t = await testApp(make, { deadLetters: undefined });
  const run = new Run(t, watched);
  const answers: Answer[] = [];
  for (const [index, [side, key, value, timestamp]] of of.input.entries()) {
    if (restart && index === of.restart.after) {
      await run.stopped();
      await t.restart();
    }
    if (side === 'clock') {
      wall += timestamp;
      await t.advance(startAt + wall - t.clock.now());
    } else t.pipeIn(side, [{ key, value, timestamp }]);
    await run.settled();
    answers.push(run.answer());
  }
  await run.stopped();
  await t.stop();
  return answers;
}

class Run {
  readonly #app: TestApp;
  readonly #backends: WatchedBackends | undefined;
  #dropped = 0;

  constructor(app: TestApp, backends: WatchedBackends | undefined) {
    this.#app = app;
    this.#backends = backends;
  }

  /** What is kept is there again, all that was piped in is committed, and what became of it. */
  async settled(): Promise<void> {
    const t = this.#app;
    for (let turns = 0; ; turns++) {
      const done = this.#workDone();
      await t.idle();
      if (this.#isCommitted() && done !== undefined && done === this.#workDone()) return;
      if (turns > mostTurns) throw new Error('the app under test does not come to an end of its inputs');
      await new Promise(resolve => setTimeout(resolve, turns < 10 ? 0 : 5));
    }
  }

  /** Without a step of virtual time, by which what is closed on a disk would be given up. */
  async stopped(): Promise<void> {
    let stopped = false;
    void this.#app.app.stop().then(() => {
      stopped = true;
    });
    for (let turns = 0; !stopped && turns < mostTurns; turns++) {
      await this.#app.idle();
      await new Promise(resolve => setTimeout(resolve, turns < 10 ? 0 : 5));
    }
  }

  /** Undefined: a disk works. */
  #workDone(): number | undefined {
    return this.#backends === undefined ? 0 : this.#backends.done;
  }

  #isCommitted(): boolean {
    const { broker, app, committed } = this.#app;
    return app
      .describe()
      .nodes.filter(({ kind }) => kind === 'source')
      .flatMap(({ topics }) => topics)
      .every(topic => {
        const end = (broker.records(topic).at(-1)?.offset ?? -1) + 1;
        return end === 0 || (committed(topic)[0] ?? -1) >= end;
      });
  }

  answer(): Answer {
    // The topic of results is written by `printed` alone.
    const output = this.#app
      .read('out', printed)
      .map(({ key, value, timestamp }) => [key, value, timestamp] as GoldenOutput);
    const dropped = this.#droppedInAll();
    const risen = dropped - this.#dropped;
    this.#dropped = dropped;
    return { output, dropped: risen };
  }

  #droppedInAll(): number {
    const samples = this.#app.metrics.snapshot().get('kafka_rx_records_dropped_total') ?? [];
    return samples
      .filter(({ labels }) => drops.has(labels['reason'] ?? ''))
      .reduce((sum, { value }) => sum + value, 0);
  }
}
