import { isKafkaRxError } from 'kafka-rx';
import type { InputLog } from './input-log.js';

interface Coordinates {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** What the functions of the purchase topology remember of a run, over all processes: what they cannot know from the outside. */
export class PurchaseLog {
  /** How often each purchase was handed to the topology. */
  readonly read = new Map<number, number>();
  /** Purchases for which the function of `app.each` has returned. */
  readonly called = new Set<number>();
  /** In which order tasks of several inputs hand these out. */
  readonly inputs: InputLog;
  /** What has rarely happened. */
  readonly marks = new Set<string>();
  readonly #failed = new Set<string>();
  /** By purchase, the record at which an operator waits for its output; undefined: it does no more. */
  readonly #awaited = new Map<number, Coordinates | undefined>();
  #wrong: string | undefined;

  constructor(inputs: InputLog) {
    this.inputs = inputs;
  }

  /** A run begins. */
  clear(): void {
    this.inputs.clear();
    this.read.clear();
    this.called.clear();
    this.#failed.clear();
    this.#awaited.clear();
    this.marks.clear();
    this.#wrong = undefined;
  }

  noteRead(id: number): void {
    this.read.set(id, (this.read.get(id) ?? 0) + 1);
  }

  /** Throws at these purchases, at each once. */
  failOnce(where: string, ids: readonly number[], atIds: readonly number[]): void {
    const id = ids.find(one => atIds.includes(one) && !this.#failed.has(`${where} ${one}`));
    if (id === undefined) return;
    this.#failed.add(`${where} ${id}`);
    throw new ScriptedFailure(`${where} fails at purchase ${id}`);
  }

  /** A purchase has come whose output is waited for, where it has not come before. */
  awaits(id: number, { topic, partition, offset }: Coordinates): void {
    if (!this.#awaited.has(id)) this.#awaited.set(id, { topic, partition, offset });
  }

  /** Whether that is waited for: until the app has failed for it, or another has its record. */
  isAwaited(id: number): boolean {
    return this.#awaited.get(id) !== undefined;
  }

  /** An app has failed. */
  noteFailure(error: unknown): void {
    if (!isKafkaRxError(error) || error.code !== 'STALLED') return;
    for (const [id, at] of this.#awaited) {
      if (at === undefined || at.topic !== error.at?.topic || at.partition !== error.at.partition) continue;
      if (at.offset === error.at.offset) this.marks.add('unit: who waits for his own output stalls by name');
      this.#awaited.set(id, undefined);
    }
  }

  /** Outputs that are seen by now. */
  noteSeen(ids: ReadonlySet<number>): void {
    for (const [id, at] of this.#awaited)
      if (at !== undefined && ids.has(id)) this.#awaited.set(id, undefined);
  }

  noteWrong(what: string): void {
    this.#wrong ??= what;
  }

  /** The first thing that a function has seen and that must not be. */
  get wrong(): string | undefined {
    return this.#wrong ?? this.inputs.wrong;
  }
}

/** Thrown by functions of the topology, as the workload has it. */
export class ScriptedFailure extends Error {}
