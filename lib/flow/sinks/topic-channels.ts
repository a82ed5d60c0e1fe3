import type { Deliveries } from '../leases/delivery.js';
import { lastLane } from '../leases/leases.js';
import type { Outputs } from './outputs.js';
import { TopicChannel, type TopicWriter } from './topic-channel.js';

/** What one writer of a topic has in each channel: a record is written to that of its lane. */
export class TopicChannels {
  readonly #topic: string;
  readonly #outputs: Outputs;
  readonly #writer: TopicWriter;
  readonly #internal: boolean;
  /** By slot, from the first record on. */
  readonly #entered: (TopicChannel | undefined)[] = [];

  /** @param internal records go by the unit of work of their task, whatever the app's guarantee */
  constructor(topic: string, outputs: Outputs, writer: TopicWriter, internal = false) {
    this.#topic = topic;
    this.#outputs = outputs;
    this.#writer = writer;
    this.#internal = internal;
  }

  /** @throws `CLOSED` where there is none */
  of(deliveries: Deliveries): TopicChannel {
    const lane = lastLane(deliveries);
    const slot = (this.#internal ? lane?.internalSlot : lane?.outputSlot) ?? 0;
    return this.#entered[slot] ?? this.#enter(slot);
  }

  #enter(slot: number): TopicChannel {
    const channel = this.#outputs.channel(slot);
    const entered = new TopicChannel(this.#topic, channel, this.#writer);
    while (this.#entered.length < slot) this.#entered.push(undefined);
    this.#entered[slot] = entered;
    channel.onForgotten(() => {
      this.#entered[slot] = undefined;
      entered.forget();
    });
    return entered;
  }
}
