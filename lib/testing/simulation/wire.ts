import { KafkaRxError } from '../../errors/errors.js';
import type { Disturbed } from './disturbances.js';
import type { Actor, World } from './world.js';

/** Where a call through a port stands: at each of these its process can die. */
export type Place =
  /** The request never left. */
  | 'before the effect'
  /** The request has left: what was asked for is done, by a sender that is dead. */
  | 'with the request on its way'
  | 'after the effect'
  | 'in place of the answer';

/** What can happen to a call on its way; each has its probability. */
export interface WireFaults {
  /** The request arrives nowhere; the caller hears of it. */
  readonly lostRequests: number;
  /** What was asked for is done; the caller hears that nobody answered. */
  readonly lostAnswers: number;
  /** Something on its way takes up to `delayMs`; what is behind it on its channel waits too. */
  readonly delays: number;
  readonly delayMs: number;
}

/** What a wire asks of the simulation around it. */
export interface WireHost {
  readonly world: World;
  /** Whoever is behind the ports, and never dies: brokers, disks, the network. */
  readonly outside: Actor;
  readonly faults: WireFaults;
  /** A call has reached this place; the host may let the process die there. Whether it did. */
  reached(process: Actor, call: string, place: Place): boolean;
  mark(name: string): void;
  /** Something is held up for so long from now on, or has to be asked for again; `who` undefined: of all processes. */
  disturbed(what: Disturbed, forMs: number, who?: string): void;
}

/**
 * All that passes between one incarnation of a process and the world outside of it, each peer on a channel of its own in either
 * direction. What a process that died had sent may still arrive; what comes back finds nobody.
 */
export class Wire {
  readonly #host: WireHost;
  readonly #process: Actor;
  readonly #peers = new Set<string>();

  constructor(host: WireHost, process: Actor) {
    this.#host = host;
    this.#process = process;
  }

  /**
   * Asks for something outside and waits for the answer.
   *
   * @param losable whether request or answer can get lost, so that the caller hears a retriable error
   * @param lostAs what the caller hears then
   */
  call<T>(
    peer: string,
    what: string,
    effect: () => T | Promise<T>,
    losable: boolean,
    lostAs: (what: string) => KafkaRxError = unanswered,
  ): Promise<T> {
    const { world, faults } = this.#host;
    return new Promise((resolve, reject) => {
      const answer = (settle: () => void): void =>
        this.deliver(peer, () => {
          if (this.diesAt(what, 'in place of the answer')) return;
          settle();
        });
      this.send(peer, () => {
        if (this.diesAt(what, 'before the effect')) return;
        this.diesAt(what, 'with the request on its way');
        if (losable && world.choices.happens(`lost request: ${what}`, faults.lostRequests)) {
          this.#host.mark(`lost request: ${what}`);
          this.#lost(what);
          answer(() => reject(lostAs(what)));
          return;
        }
        const lost = losable && world.choices.happens(`lost answer: ${what}`, faults.lostAnswers);
        if (lost) {
          this.#host.mark(`lost answer: ${what}`);
          this.#lost(what);
        }
        void (async () => effect())().then(
          result => {
            this.diesAt(what, 'after the effect');
            answer(() => (lost ? reject(lostAs(what)) : resolve(result)));
          },
          error => answer(() => reject(lost ? lostAs(what) : error)),
        );
      });
    });
  }

  /** A call has reached this place: whether the process dies there. */
  diesAt(what: string, place: Place): boolean {
    return this.#host.reached(this.#process, what, place);
  }

  /** The process is dead. */
  get isCut(): boolean {
    return this.#process.state === 'dead';
  }

  mark(name: string): void {
    this.#host.mark(name);
  }

  /** One of `n`, of which the first is what is usual; any other is marked. */
  choose(label: string, n: number): number {
    const chosen = this.#host.world.choices.pick(label, n);
    if (chosen > 0) this.mark(label);
    return chosen;
  }

  /** Outside, in a while. */
  later(task: () => void, delayMs: number): void {
    const { world, outside } = this.#host;
    world.clockOf(outside).schedule(task, delayMs);
  }

  /** From the process outwards. */
  send(peer: string, task: () => void): void {
    if (this.#process.state === 'dead') return;
    this.#peers.add(peer);
    this.#enqueue(this.#host.outside, `${this.#process.name}>${peer}`, task);
  }

  /** From outside to the process. */
  deliver(peer: string, task: () => void): void {
    this.#enqueue(this.#process, peer, task);
  }

  /** From outside to the process, which answers. */
  ask<T>(peer: string, what: string, task: () => T | Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.deliver(peer, () => {
        if (this.diesAt(what, 'before the effect')) return;
        void (async () => task())().then(
          result => {
            if (!this.diesAt(what, 'after the effect')) this.send(peer, () => resolve(result));
          },
          error => this.send(peer, () => reject(error)),
        );
      });
    });
  }

  /** The process died: of what it had sent, a part still arrives. Returns what is on its way, for `quiet`. */
  cut(): void {
    const { world, outside } = this.#host;
    for (const peer of this.#peers) {
      const { tasks } = world.channel(outside, `${this.#process.name}>${peer}`);
      const arriving = world.choices.pick('arrives after the crash', tasks.length + 1);
      if (arriving > 0) this.#host.mark('a request that arrived after its sender had died');
      tasks.length = arriving;
    }
  }

  /** Nothing that the process had sent is on its way. */
  get quiet(): boolean {
    const { world, outside } = this.#host;
    return [...this.#peers].every(
      peer => world.channel(outside, `${this.#process.name}>${peer}`).tasks.length === 0,
    );
  }

  #enqueue(actor: Actor, name: string, task: () => void): void {
    const { world, faults } = this.#host;
    world.enqueue(actor, name, task);
    if (actor.state === 'dead' || !world.choices.happens('delay', faults.delays)) return;
    const channel = world.channel(actor, name);
    const ms = world.choices.size('delay ms', faults.delayMs);
    channel.notBefore = Math.max(channel.notBefore, world.timeMs + ms);
    const held = name.includes('produce ') ? 'produce' : 'commits';
    this.#host.disturbed(held, channel.notBefore - world.timeMs, this.#process.name);
  }

  /** Something from outside has held the process up until now. */
  heldUp(what: Disturbed): void {
    this.#host.disturbed(what, 0, this.#process.name);
  }

  #lost(what: string): void {
    this.heldUp(what === 'commit' || what.endsWith(' unit') ? 'commits' : 'calls');
  }
}

function unanswered(what: string): KafkaRxError {
  return new KafkaRxError(what === 'commit' ? 'COMMIT_FAILED' : 'UNREACHABLE', `Nobody answered: ${what}`, {
    remedy: 'The simulation lost the request or its answer; try again.',
    retriable: true,
  });
}
