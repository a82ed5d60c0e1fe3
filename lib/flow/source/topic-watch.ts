import type { Clock, Timer } from '../../base/clock.js';
import type { DriverConnection, TopicDescription } from '../../drivers/port.js';
import { errorKind, isKafkaRxError, type KafkaRxError } from '../../errors/errors.js';
import { existingTopics, missingTopics, selectTopics, type TopicPattern } from './topic-pattern.js';

export interface TopicWatchParts {
  readonly connection: Pick<DriverConnection, 'topics'>;
  readonly clock: Clock;
  readonly everyMs: number;
  /** Says in `health()` that something waits; returns the way out. */
  readonly waiting: (reason: string) => () => void;
  /** The driver takes no other subscription, for good. */
  readonly failed: (error: KafkaRxError) => void;
}

/**
 * Looks up which topics a topology reads, once at the start, and again while it runs when a RegExp is among them.
 *
 * At the start a name that does not exist is an error. Later it is told, and the looks go on without it: a topic that was deleted
 * must not keep others from being found.
 */
export class TopicWatch {
  readonly #patterns: readonly TopicPattern[];
  readonly #ownOutputs: ReadonlySet<string>;
  readonly #parts: TopicWatchParts;
  #known = '';
  #timer: Timer | undefined;
  #stopped = false;
  /** What `health()` says of the last look, and the way out of each. */
  #told = new Map<string, () => void>();

  constructor(patterns: readonly TopicPattern[], ownOutputs: ReadonlySet<string>, parts: TopicWatchParts) {
    this.#patterns = patterns;
    this.#ownOutputs = ownOutputs;
    this.#parts = parts;
  }

  /** The topics to begin with. Rejects with `MISSING_TOPIC` for a name that does not exist. */
  async first(): Promise<readonly TopicDescription[]> {
    const existing = await this.#parts.connection.topics();
    const topics = described(existing, selectTopics(this.#patterns, existing, this.#ownOutputs));
    this.#known = namesOf(topics);
    return topics;
  }

  /** Calls `changed` whenever there are other topics than before; a look that fails is told, and repeated at the next. */
  start(changed: (topics: readonly TopicDescription[]) => Promise<void>): void {
    if (this.#stopped || !this.#patterns.some(pattern => pattern.dynamic)) return;
    this.#timer = this.#parts.clock.schedule(() => void this.#again(changed), this.#parts.everyMs);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#tell([]);
  }

  async #again(changed: (topics: readonly TopicDescription[]) => Promise<void>): Promise<void> {
    try {
      const existing = await this.#parts.connection.topics();
      const topics = described(existing, existingTopics(this.#patterns, existing, this.#ownOutputs));
      if (this.#stopped) return;
      this.#tell(missingTopics(this.#patterns, existing, this.#ownOutputs).map(absence));
      if (namesOf(topics) !== this.#known) await this.#change(topics, changed);
    } catch (error) {
      const what = isKafkaRxError(error) ? error.message : errorKind(error);
      if (!this.#stopped) this.#tell([`new topics are not found: ${what}`]);
    }
    this.start(changed);
  }

  async #change(
    topics: readonly TopicDescription[],
    changed: (topics: readonly TopicDescription[]) => Promise<void>,
  ): Promise<void> {
    try {
      await changed(topics);
      this.#known = namesOf(topics);
    } catch (error) {
      // A topic that is gone since the look: the next one knows.
      const isFinal = isKafkaRxError(error) && !error.retriable && error.code !== 'MISSING_TOPIC';
      if (!isFinal) throw error;
      if (!this.#stopped) this.#parts.failed(error);
    }
  }

  #tell(reasons: readonly string[]): void {
    const before = this.#told;
    this.#told = new Map(reasons.map(reason => [reason, before.get(reason) ?? this.#parts.waiting(reason)]));
    for (const [reason, end] of before) if (!this.#told.has(reason)) end();
  }
}

const absence = (topic: string): string => `the topic '${topic}' does not exist any more`;

function described(
  existing: readonly TopicDescription[],
  selected: readonly string[],
): readonly TopicDescription[] {
  const names = new Set(selected);
  return existing.filter(({ name }) => names.has(name));
}

function namesOf(topics: readonly TopicDescription[]): string {
  return topics
    .map(topic => topic.name)
    .sort()
    .join('\n');
}
