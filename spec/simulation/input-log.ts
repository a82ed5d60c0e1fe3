import type { AssignedPartition, TopicPartition } from '../../lib/drivers/port.js';
import type { ReadWatch } from '../../lib/testing/simulation/read-watch.js';

/** A record that was handed out to the topology. */
export interface HandedOut extends TopicPartition {
  readonly offset: number;
  readonly timestamp: number;
}

/** What a process has heard of the end of an input. */
interface ToldEnd {
  readonly position: number;
  readonly end: number;
  readonly atMs: number;
}

/** An input of a process during one epoch. */
interface Input {
  readonly epoch: number;
  /** How many records its task had been handed out by then: what is read again behind those is in no order with them. */
  readonly behind: number;
  /** Below this offset what was committed fills a store again, before anything of its task that comes behind that. */
  fillsUpTo: number;
  /** What holds of now: since it was last paused, and what was told before and is the same still. */
  ends: readonly ToldEnd[];
  /** What was told before it was paused, and is unsure until it is told again. */
  before: readonly ToldEnd[];
}

interface Taken extends HandedOut {
  readonly input: Input;
  readonly atMs: number;
  /** Of each input of its task, by topic: what of its ends was known by then. */
  readonly ends: ReadonlyMap<string, readonly ToldEnd[]>;
}

/**
 * In which order the inputs of tasks are handed out, and what was known then. A record may come behind a later one of another input only
 * where its own input was at its end when that one came, and had been for as long as tasks wait.
 */
export class InputLog implements ReadWatch {
  readonly #topics: readonly string[];
  readonly #maxIdleMs: number;
  readonly #inputs = new Map<string, Input>();
  /** By process and partition: what was handed out, in order. */
  readonly #taken = new Map<string, Taken[]>();
  readonly #marks = new Set<string>();
  #wrong: string | undefined;
  #nowMs: () => number = () => 0;

  /** @param topics of one task; @param maxIdleMs -1: no order is promised */
  constructor(topics: readonly string[], maxIdleMs: number) {
    this.#topics = topics;
    this.#maxIdleMs = maxIdleMs;
  }

  /** A run begins. */
  clear(): void {
    this.#inputs.clear();
    this.#taken.clear();
    this.#marks.clear();
    this.#wrong = undefined;
  }

  /** The first record that came out of turn. */
  get wrong(): string | undefined {
    return this.#wrong;
  }

  /** What has rarely happened. */
  get marks(): Iterable<string> {
    return this.#marks;
  }

  /** Of virtual time, on which all processes agree. */
  tellsTime(nowMs: () => number): void {
    this.#nowMs = nowMs;
  }

  begun(process: string, partitions: readonly AssignedPartition[]): void {
    for (const { topic, partition, epoch } of partitions) {
      const behind = this.#taken.get(`${process} ${partition}`)?.length ?? 0;
      this.#inputs.set(`${process} ${topic}/${partition}`, {
        epoch,
        behind,
        fillsUpTo: -1,
        ends: [],
        before: [],
      });
    }
  }

  fills(process: string, { topic, partition }: TopicPartition, upTo: number): void {
    const input = this.#inputs.get(`${process} ${topic}/${partition}`);
    if (input !== undefined) input.fillsUpTo = upTo;
  }

  paused(process: string, partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) {
      const input = this.#inputs.get(`${process} ${topic}/${partition}`);
      if (input === undefined) continue;
      // What comes from now on nobody tells.
      input.before = [...input.before, ...input.ends];
      input.ends = [];
    }
  }

  caughtUp(
    process: string,
    { topic, partition, epoch }: AssignedPartition,
    position: number,
    end: number,
  ): void {
    const input = this.#inputs.get(`${process} ${topic}/${partition}`);
    // Of an epoch that is over.
    if (input?.epoch !== epoch) return;
    // Where the end is the same still, nothing has come meanwhile.
    const still = input.before.filter(told => told.end === end);
    input.ends = [...still, ...input.ends, { position, end, atMs: this.#nowMs() }];
    input.before = [];
  }

  handedOut(process: string, { topic, partition, offset, timestamp }: HandedOut): void {
    const input = this.#inputs.get(`${process} ${topic}/${partition}`);
    if (input === undefined) {
      this.#wrong ??= `${process} was handed ${topic}/${partition}@${offset}, and has heard of no epoch of it`;
      return;
    }
    const task = `${process} ${partition}`;
    const taken = this.#taken.get(task) ?? [];
    this.#taken.set(task, taken);
    const ends = new Map(
      this.#topics.map(name => [name, this.#inputs.get(`${process} ${name}/${partition}`)?.ends ?? []]),
    );
    const one: Taken = { topic, partition, offset, timestamp, input, atMs: this.#nowMs(), ends };
    this.#check(process, one, taken);
    taken.push(one);
  }

  /** Against what was handed out of other inputs since the last record of this one. */
  #check(process: string, one: Taken, taken: readonly Taken[]): void {
    const last = taken.findLastIndex(({ input }) => input === one.input);
    const before = taken[last];
    const others = taken
      .slice(Math.max(last + 1, one.input.behind))
      .filter(
        other =>
          other.topic !== one.topic &&
          this.#inputs.get(`${process} ${other.topic}/${other.partition}`) === other.input,
      );
    if (before !== undefined && others.length > 0) this.#marks.add('task: inputs take turns');
    if (this.#maxIdleMs < 0) return;
    for (const other of others) {
      if (!isEarlier(one, other)) continue;
      if (isFill(other) && !isFill(one)) {
        this.#marks.add('task: what fills a store comes before older records that are new');
        continue;
      }
      if (this.#mayBeLate(one, before, other)) {
        this.#marks.add('task: an older record comes when its input was at its end');
        continue;
      }
      this.#wrong ??=
        `${process} was handed ${told(one)} behind ${told(other)}, when ${one.topic}/${one.partition} was not known to be ` +
        `at its end${this.#maxIdleMs === 0 ? '' : ` for ${this.#maxIdleMs} ms`}`;
    }
  }

  /** Whether its input was known to be at its end when a later record of another was handed out. */
  #mayBeLate(one: Taken, before: Taken | undefined, other: Taken): boolean {
    const ends = other.ends.get(one.topic) ?? [];
    return ends.some(({ position, end, atMs }) => {
      const isOfNow = position > (before?.offset ?? -1) && position <= one.offset && end <= one.offset;
      return isOfNow && Math.max(atMs, before?.atMs ?? 0) + this.#maxIdleMs <= other.atMs;
    });
  }
}

const isFill = ({ offset, input }: Taken): boolean => offset < input.fillsUpTo;

function isEarlier(one: HandedOut, other: HandedOut): boolean {
  return one.timestamp < other.timestamp || (one.timestamp === other.timestamp && one.topic < other.topic);
}

const told = ({ topic, partition, offset, timestamp }: HandedOut): string =>
  `${topic}/${partition}@${offset} of ${timestamp}`;
