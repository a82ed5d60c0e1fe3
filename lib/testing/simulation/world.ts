import type { Clock, Timer } from '../../base/clock.js';
import type { Choices } from './choices.js';

/** One thing after the other, in the order of arrival; between channels any order can be drawn. */
export interface Channel {
  readonly name: string;
  readonly tasks: (() => void)[];
  /** Nothing of it happens before this virtual time, ms. */
  notBefore: number;
}

/** Somebody with a life of its own: while it is not running, nothing on its channels happens. */
export interface Actor {
  readonly name: string;
  /** `stopped` as by SIGSTOP: what is due waits. `dead`: what is due is dropped. */
  state: 'running' | 'stopped' | 'dead';
}

interface ActorChannel extends Channel {
  readonly actor: Actor;
  /** In the order of coming to be, in which those that are ready stand. */
  readonly number: number;
  /** It is among those that have something to do. */
  busy: boolean;
}

/** A timer that is due at a virtual time; of those due at one time, in the order of being scheduled. */
class Scheduled implements Timer {
  constructor(
    readonly due: number,
    readonly order: number,
    readonly actor: Actor,
    private task: (() => void) | undefined,
    private readonly timers: Set<Scheduled>,
  ) {
    timers.add(this);
  }

  run(): void {
    const { task } = this;
    this.task = undefined;
    task?.();
  }

  cancel(): void {
    this.task = undefined;
    this.timers.delete(this);
  }
}

/** What a step did, for hooks. */
export interface Step {
  readonly number: number;
  readonly channel: string;
  readonly timeMs: number;
}

/**
 * Virtual time, and everything that waits for its turn in it. One step runs one task and then all that it resolved: the
 * machine's event loop is left once a step, so that promises settle as they do in a real process. Time moves only when nothing is
 * ready.
 */
export class World {
  readonly choices: Choices;
  readonly #channels = new Map<string, ActorChannel>();
  #channelsMade = 0;
  /** Those with tasks, by number, and some that have none any more: of thousands few have any. */
  #busy: ActorChannel[] = [];
  readonly #timers = new Set<Scheduled>();
  #external = new Set<Promise<unknown>>();
  #timeMs = 0;
  #order = 0;
  #steps = 0;
  #hash = 0x811c9dc5;
  readonly #startAt: number;

  constructor(choices: Choices, startAt = Date.UTC(2024, 0, 1)) {
    this.choices = choices;
    this.#startAt = startAt;
  }

  /** Virtual milliseconds since the beginning. */
  get timeMs(): number {
    return this.#timeMs;
  }

  get steps(): number {
    return this.#steps;
  }

  /** Of every step's channel, time and choice so far: equal in two runs that were the same. */
  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0');
  }

  /** The clock of an actor: stops and dies with it. */
  clockOf(actor: Actor): Clock {
    return {
      now: () => this.#startAt + Math.floor(this.#timeMs),
      elapsed: () => this.#timeMs,
      schedule: (task, delayMs) => this.#schedule(actor, task, delayMs),
      defer: (task, by) => this.enqueue(actor, by === undefined ? 'deferred' : `deferred/${by}`, task),
    };
  }

  /** Adds a task behind those on the actor's channel of this name. */
  enqueue(actor: Actor, channel: string, task: () => void): void {
    if (actor.state === 'dead') return;
    const found = this.#channel(actor, channel);
    found.tasks.push(task);
    if (!found.busy) this.#nowBusy(found);
  }

  channel(actor: Actor, name: string): Channel {
    return this.#channel(actor, name);
  }

  #channel(actor: Actor, name: string): ActorChannel {
    const full = `${actor.name}/${name}`;
    let channel = this.#channels.get(full);
    if (channel === undefined) {
      channel = { name: full, tasks: [], notBefore: 0, actor, number: this.#channelsMade++, busy: false };
      this.#channels.set(full, channel);
    }
    return channel;
  }

  /** Real work outside of virtual time, such as a write of a real database: the next step waits for it. */
  external<T>(work: Promise<T>): Promise<T> {
    const settled = work.then(
      () => {},
      () => {},
    );
    this.#external.add(settled);
    void settled.then(() => this.#external.delete(settled));
    return work;
  }

  /** Forgets what a dead actor would still have done. */
  forget(actor: Actor): void {
    for (const [name, channel] of this.#channels) {
      if (channel.actor !== actor) continue;
      this.#channels.delete(name);
      channel.tasks.length = 0;
    }
    for (const timer of this.#timers) if (timer.actor === actor) this.#timers.delete(timer);
  }

  /**
   * Steps until `done`, or until nothing would ever happen again.
   *
   * @param before called before each step, for faults
   * @param after called after each step and all that it resolved, for invariants
   * @returns `done`; `idle`: nothing is left to do; `late`: virtual time has passed `untilMs`; `long`: more than `maxSteps`
   */
  async run(options: {
    readonly done: () => boolean;
    readonly before?: () => void;
    readonly after?: (step: Step) => void;
    readonly untilMs: number;
    readonly maxSteps: number;
  }): Promise<'done' | 'idle' | 'late' | 'long'> {
    const { done, before, after, untilMs, maxSteps } = options;
    await this.#settle();
    for (const first = this.#steps; this.#steps - first < maxSteps; ) {
      if (done()) return 'done';
      before?.();
      const ready = this.#ready();
      if (ready.length === 0) {
        const next = this.#nextTime();
        if (next === undefined) return 'idle';
        if (next > untilMs) return 'late';
        this.#timeMs = next;
        this.#fire();
        continue;
      }
      const choice = this.choices.order(ready);
      const channel = ready[choice];
      const task = channel?.tasks.shift();
      if (channel === undefined || task === undefined) continue;
      this.#steps++;
      this.#note(channel.name, choice);
      task();
      await this.#settle();
      after?.({ number: this.#steps, channel: channel.name, timeMs: this.#timeMs });
    }
    return 'long';
  }

  /** Mixes something that happened into the hash. */
  #note(text: string, choice: number): void {
    let hash = this.#hash ^ (choice + 1) ^ Math.floor(this.#timeMs * 16);
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    this.#hash = hash;
  }

  /** Everything that can happen now has happened: microtasks, and what is outside of virtual time. */
  async #settle(): Promise<void> {
    do {
      await new Promise(resolve => setImmediate(resolve));
      if (this.#external.size > 0) await Promise.all(this.#external);
    } while (this.#external.size > 0);
  }

  #ready(): ActorChannel[] {
    const ready: ActorChannel[] = [];
    let idle = false;
    for (const channel of this.#busy) {
      if (channel.tasks.length === 0) {
        channel.busy = false;
        idle = true;
      } else if (channel.notBefore <= this.#timeMs && channel.actor.state === 'running') ready.push(channel);
    }
    if (idle) this.#busy = this.#busy.filter(({ busy }) => busy);
    return ready;
  }

  #nowBusy(channel: ActorChannel): void {
    channel.busy = true;
    let at = this.#busy.length;
    while (at > 0 && (this.#busy[at - 1]?.number ?? 0) > channel.number) at--;
    this.#busy.splice(at, 0, channel);
  }

  #schedule(actor: Actor, task: () => void, delayMs: number): Timer {
    if (actor.state === 'dead') return { cancel() {} };
    const due = this.#timeMs + Math.max(0, delayMs);
    return new Scheduled(due, this.#order++, actor, task, this.#timers);
  }

  /** Timers of whoever is not running wait: all that came due meanwhile is due at once when it goes on. */
  #nextTime(): number | undefined {
    let next = Number.POSITIVE_INFINITY;
    for (const { due, actor } of this.#timers)
      if (due < next && actor.state === 'running') next = Math.max(due, this.#timeMs);
    for (const { tasks, notBefore, actor } of this.#busy)
      if (notBefore < next && tasks.length > 0 && actor.state === 'running') next = notBefore;
    return Number.isFinite(next) ? next : undefined;
  }

  /** Puts what is due on its actor's channel of timers, in the order in which it is due. */
  #fire(): void {
    const due = [...this.#timers].filter(
      timer => timer.due <= this.#timeMs && timer.actor.state === 'running',
    );
    if (due.length === 0) return;
    due.sort((a, b) => a.due - b.due || a.order - b.order);
    for (const timer of due) {
      this.#timers.delete(timer);
      this.enqueue(timer.actor, 'timers', () => timer.run());
    }
  }
}
