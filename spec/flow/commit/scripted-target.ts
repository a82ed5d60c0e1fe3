import type { OffsetCommit } from '../../../lib/drivers/port.js';
import { KafkaRxError } from '../../../lib/errors/errors.js';
import type { VirtualClock } from '../../../lib/testing/index.js';

/** One request that arrived: what it carried, and when. */
export interface CommitRequest {
  readonly at: number;
  /** `topic/partition@offset`, in the order in which they came. */
  readonly offsets: readonly string[];
}

type Answer = 'confirm' | Error | ((offsets: readonly OffsetCommit[]) => Error | undefined);

/** A commit target whose answers a test gives one by one: those scripted first, then all confirmed, unless it holds them. */
export class ScriptedTarget {
  readonly requests: CommitRequest[] = [];
  /** Requests under way, now and at most. */
  inFlight = 0;
  mostInFlight = 0;
  #answers: Answer[] = [];
  #held: (() => void)[] | undefined;

  constructor(private readonly clock: VirtualClock) {}

  /** What the next requests get, in turn. */
  answer(...answers: readonly Answer[]): void {
    this.#answers.push(...answers);
  }

  /** From now on requests stay open until `release`. */
  hold(): void {
    this.#held ??= [];
  }

  /** Answers what is held, and holds no more. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const answer of held) answer();
  }

  async commit(offsets: readonly OffsetCommit[]): Promise<void> {
    this.requests.push({ at: this.clock.elapsed(), offsets: offsets.map(shown) });
    const answer = this.#answers.shift() ?? 'confirm';
    this.inFlight++;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    if (this.#held !== undefined) await new Promise<void>(resolve => this.#held?.push(resolve));
    this.inFlight--;
    const error = typeof answer === 'function' ? answer(offsets) : answer === 'confirm' ? undefined : answer;
    if (error !== undefined) throw error;
  }
}

export function shown({ topic, partition, offset }: OffsetCommit): string {
  return `${topic}/${partition}@${offset}`;
}

export function point(partition: number, offset: number, topic = 't'): OffsetCommit {
  return { topic, partition, epoch: 1, offset };
}

export const retriable = (): KafkaRxError =>
  new KafkaRxError('COMMIT_FAILED', 'the coordinator moved', { retriable: true });

export const refused = (): KafkaRxError => new KafkaRxError('COMMIT_REFUSED', 'not assigned in that epoch');

/** Lets promises settle; virtual time stands still. */
export async function settle(): Promise<void> {
  await new Promise(resolve => setImmediate(resolve));
}

/** Moves time in steps, so that each timer's promises settle before the next is due. */
export async function advance(clock: VirtualClock, ms: number): Promise<void> {
  const until = clock.elapsed() + ms;
  await settle();
  for (
    let next = clock.nextInMs;
    next !== undefined && clock.elapsed() + next <= until;
    next = clock.nextInMs
  ) {
    clock.advance(next);
    await settle();
  }
  clock.advance(until - clock.elapsed());
  await settle();
}
