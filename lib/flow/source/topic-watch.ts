import type { Clock, Timer } from '../../base/clock.js';
import type { DriverConnection, TopicDescription } from '../../drivers/port.js';
import { selectTopics, type TopicPattern } from './topic-pattern.js';

export interface TopicWatchParts {
  readonly connection: DriverConnection;
  readonly clock: Clock;
  readonly everyMs: number;
}

/** Looks up which topics a topology reads, once at the start, and again while it runs when a RegExp is among them. */
export class TopicWatch {
  readonly #patterns: readonly TopicPattern[];
  readonly #ownOutputs: ReadonlySet<string>;
  readonly #parts: TopicWatchParts;
  #known = '';
  #timer: Timer | undefined;
  #stopped = false;

  constructor(patterns: readonly TopicPattern[], ownOutputs: ReadonlySet<string>, parts: TopicWatchParts) {
    this.#patterns = patterns;
    this.#ownOutputs = ownOutputs;
    this.#parts = parts;
  }

  /** The topics to begin with. Rejects with `MISSING_TOPIC` for a name that does not exist. */
  async first(): Promise<readonly TopicDescription[]> {
    const topics = await this.#look();
    this.#known = namesOf(topics);
    return topics;
  }

  /** Calls `changed` whenever a RegExp finds other topics than before; a look that fails is repeated at the next. */
  start(changed: (topics: readonly TopicDescription[]) => Promise<void>): void {
    if (this.#stopped || !this.#patterns.some(pattern => pattern.dynamic)) return;
    this.#timer = this.#parts.clock.schedule(() => void this.#again(changed), this.#parts.everyMs);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  async #again(changed: (topics: readonly TopicDescription[]) => Promise<void>): Promise<void> {
    try {
      const topics = await this.#look();
      if (!this.#stopped && namesOf(topics) !== this.#known) {
        await changed(topics);
        this.#known = namesOf(topics);
      }
    } catch {
      // A cluster out of reach is told by the driver's events; the next look comes anyway.
    }
    this.start(changed);
  }

  async #look(): Promise<readonly TopicDescription[]> {
    const existing = await this.#parts.connection.topics();
    const names = new Set(selectTopics(this.#patterns, existing, this.#ownOutputs));
    return existing.filter(topic => names.has(topic.name));
  }
}

function namesOf(topics: readonly TopicDescription[]): string {
  return topics
    .map(topic => topic.name)
    .sort()
    .join('\n');
}
