import { setTimeout as delay } from 'node:timers/promises';
import type kafkajs from 'kafkajs';
import type { CommittedSample } from './evidence.js';
import { groupId, inputTopic } from './messages.js';
import { bounded, quietKafka } from './quiet-kafka.js';

const everyMs = 100;
const answerMs = 2_000;

/**
 * Asks the group's coordinator every 100 ms what is committed, one question at a time. A sample's `knownMs` is when the
 * answer was here: what it says had been committed by then.
 */
export class OffsetSampler {
  readonly samples: CommittedSample[] = [];
  readonly #brokers: readonly string[];
  #admin: kafkajs.Admin | undefined;
  #running = true;
  #looping: Promise<void> | undefined;

  constructor(brokers: readonly string[]) {
    this.#brokers = brokers;
  }

  start(): void {
    this.#looping = this.#loop();
  }

  get latest(): CommittedSample | undefined {
    return this.samples.at(-1);
  }

  /** Partitions were added: a client knows those of its last metadata. */
  refresh(): void {
    this.#drop();
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#looping;
    this.#drop();
  }

  async #loop(): Promise<void> {
    while (this.#running) {
      const from = Date.now();
      try {
        const admin = await this.#connected();
        const answer = await bounded(admin.fetchOffsets({ groupId, topics: [inputTopic] }), answerMs);
        const committed = new Map<number, number>();
        for (const { partitions } of answer) {
          for (const { partition, offset } of partitions) committed.set(partition, Number(offset));
        }
        this.samples.push({ source: 'sample', knownMs: Date.now(), committed });
      } catch {
        this.#drop(); // the coordinator is down or moves: there is no sample of this moment
      }
      await delay(Math.max(0, everyMs - (Date.now() - from)));
    }
  }

  async #connected(): Promise<kafkajs.Admin> {
    if (this.#admin === undefined) {
      const admin = quietKafka(this.#brokers, answerMs).admin();
      this.#admin = admin;
      // `connect` alone loads no metadata, and a coordinator is asked for through a known broker.
      await bounded(
        admin.connect().then(() => admin.fetchTopicOffsets(inputTopic)),
        answerMs,
      );
    }
    return this.#admin;
  }

  #drop(): void {
    void this.#admin?.disconnect().catch(() => {});
    this.#admin = undefined;
  }
}
