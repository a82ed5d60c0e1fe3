import { crc32 } from 'node:zlib';
import { readToEnds } from '../../spec/chaos/exactly-once/read-to-ends.js';
import { emptySum, plus, type TopicSum } from '../flow/topic-sum.js';

/** `all`: every record; `last`: of each key the last, since how many come before it goes by when commits are made. */
export type Compared = 'all' | 'last';

export interface ContentRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly timestamp: number;
}

const timeoutMs = 900_000;

/** Sums up what was written, so that two contestants can be held against each other. Of partitions it knows nothing. */
export class Contents {
  readonly #compared: Compared;
  #all = emptySum;
  readonly #last = new Map<string, number>();

  constructor(compared: Compared) {
    this.#compared = compared;
  }

  add({ key, value, timestamp }: ContentRecord): void {
    const hash = hashOf(key, value, timestamp);
    this.#all = plus(this.#all, hash);
    if (this.#compared === 'last') this.#last.set(key?.toString('latin1') ?? '', hash);
  }

  /** All that was written. */
  get records(): number {
    return this.#all.records;
  }

  /** What is compared. */
  get sum(): TopicSum {
    return this.#compared === 'all' ? this.#all : [...this.#last.values()].reduce(plus, emptySum);
  }
}

function hashOf(key: Buffer | null, value: Buffer | null, timestamp: number): number {
  const head = `${timestamp} ${key?.length ?? -1} ${value?.length ?? -1} `;
  return crc32(value ?? '', crc32(key ?? '', crc32(head)));
}

/** What a topic holds for a reader of committed records. */
export async function contentsOf(
  brokers: readonly string[],
  topic: string,
  compared: Compared,
): Promise<Contents> {
  const contents = new Contents(compared);
  await readToEnds({ brokers, topics: [topic], isolation: 'committed', withinMs: timeoutMs }, look => {
    for (const record of look.records) contents.add(record);
  });
  return contents;
}

/** @throws naming what differs */
export function requireSame(row: string, one: Counted, other: Counted): void {
  if (one.sum.records !== other.sum.records)
    throw new Error(`${row}: ${one.who} wrote ${one.sum.records} results, ${other.who} ${other.sum.records}`);
  if (one.sum.sum !== other.sum.sum)
    throw new Error(
      `${row}: ${one.who} and ${other.who} wrote ${one.sum.records} results each, but not the same`,
    );
}

export interface Counted {
  readonly who: string;
  readonly sum: TopicSum;
}
