import {
  type DriverConnection,
  type DriverProducer,
  type Header,
  isKafkaRxError,
  isOfTopic,
  type KafkaRxError,
  type LetterPosition,
  originOf,
  replayedMark,
  replayHeaders,
  type SourceRecord,
} from 'kafka-rx';
import type { ReplayArguments } from './arguments.js';
import { type Letter, nameOf } from './letters.js';
import { recordName } from './list.js';
import { type FoundTopic, readRecords } from './read-records.js';
import { TopicOutputs } from './topic-outputs.js';

export interface Outcome {
  /** Records published again; in a dry run those that could be. */
  readonly published: number;
  /** Letters of the same records and the same branch beside them, which were marked with them. */
  readonly alike: number;
  /** Of the dead letters that were asked for: those that had been replayed before. */
  readonly already: number;
  readonly failed: readonly { readonly letter: string; readonly why: string }[];
  readonly dryRun: boolean;
}

/** Dead letters between two looks at what was acknowledged: what a crash may repeat. */
const atOnce = 500;

/**
 * Publishes the records behind dead letters again, each once. The mark beside a letter is written when its record was
 * acknowledged: cut off between the two, the record is published again by the next replay, and never lost.
 */
export async function replay(
  connection: DriverConnection,
  letters: readonly Letter[],
  request: Pick<ReplayArguments, 'letters' | 'wanted' | 'to' | 'app' | 'node' | 'dryRun' | 'topic'>,
): Promise<Outcome> {
  const failed: { letter: string; why: string }[] = [];
  const fail = (letter: string, why: string): void => void failed.push({ letter, why });
  const chosen = choose(letters, request, fail);
  const open = chosen.filter(letter => !letter.replayed);
  const replaying = new Replaying(connection, request, fail);
  try {
    for (let from = 0; from < open.length; from += atOnce) {
      await replaying.replay(open.slice(from, from + atOnce));
    }
  } finally {
    await replaying.close();
  }
  return {
    published: replaying.published,
    alike: replaying.alike,
    already: chosen.length - open.length,
    failed,
    dryRun: request.dryRun,
  };
}

function choose(
  letters: readonly Letter[],
  { letters: named, wanted }: Pick<ReplayArguments, 'letters' | 'wanted'>,
  fail: (letter: string, why: string) => void,
): readonly Letter[] {
  if (named === undefined) return letters.filter(wanted);
  const byName = new Map(letters.map(letter => [nameOf(letter.position), letter]));
  return [...new Set(named.map(nameOf))].flatMap(name => {
    const letter = byName.get(name);
    if (letter === undefined) fail(name, 'there is no such dead letter');
    return letter === undefined ? [] : [letter];
  });
}

class Replaying {
  published = 0;
  alike = 0;
  /** What was sent and what was acknowledged, as {@link Found.what} has it. */
  readonly #sent = new Set<string>();
  readonly #acknowledged = new Set<string>();
  readonly #connection: DriverConnection;
  readonly #request: Pick<ReplayArguments, 'to' | 'app' | 'node' | 'dryRun' | 'topic'>;
  readonly #fail: (letter: string, why: string) => void;
  #producer: DriverProducer | undefined;

  constructor(
    connection: DriverConnection,
    request: Pick<ReplayArguments, 'to' | 'app' | 'node' | 'dryRun' | 'topic'>,
    fail: (letter: string, why: string) => void,
  ) {
    this.#connection = connection;
    this.#request = request;
    this.#fail = fail;
  }

  async replay(letters: readonly Letter[]): Promise<void> {
    const byTopic = new Map<string, Letter[]>();
    for (const letter of letters) {
      byTopic.set(letter.told.at.topic, [...(byTopic.get(letter.told.at.topic) ?? []), letter]);
    }
    for (const [topic, ofTopic] of byTopic) {
      const found = await this.#find(topic, ofTopic);
      const alike: Found[] = [];
      const first = found.filter(one => {
        const isFirst = !this.#sent.has(one.what);
        if (isFirst) this.#sent.add(one.what);
        else alike.push(one);
        return isFirst;
      });
      if (this.#request.dryRun) {
        this.published += first.length;
        this.alike += alike.length;
      } else if (found.length > 0) await this.#publish(topic, first, alike);
    }
  }

  async close(): Promise<void> {
    await this.#producer?.close();
  }

  /** The records that are still there, in their own order; of the others it is told why not. */
  async #find(topic: string, letters: readonly Letter[]): Promise<readonly Found[]> {
    const [known] = await this.#connection.topics([topic]);
    if (known === undefined) {
      for (const { position, told } of letters) {
        this.#fail(nameOf(position), `the record ${recordName(told.at)} is gone with its topic`);
      }
      return [];
    }
    const origin = originOf(this.#connection, known);
    const ofThis = letters.filter(({ told: { at }, position }) => {
      const same = isOfTopic(at.origin, origin, topic);
      if (!same) {
        this.#fail(
          nameOf(position),
          `the record ${recordName(at)} is gone with its topic: that of this name and cluster is another one`,
        );
      }
      return same;
    });
    const records = await this.#read(known, ofThis);
    return [...ofThis]
      .sort((a, b) => a.told.at.offset - b.told.at.offset)
      .flatMap(letter => {
        const { at, timestamp } = letter.told;
        const record = records.get(nameOf(at));
        if (record !== undefined && (timestamp === undefined || timestamp === record.timestamp)) {
          // Where the letter says nothing of it, this is what was assumed.
          const headers = this.#headersFor(letter, record, { ...at, origin: at.origin ?? origin });
          const what = `${recordName(at)} ${this.#branchOf(letter)}`;
          return headers === undefined ? [] : [{ letter, record: { ...record, headers }, what }];
        }
        this.#fail(
          nameOf(letter.position),
          record === undefined
            ? `the record ${recordName(at)} is gone: its topic keeps it no longer`
            : `another record lies at ${recordName(at)} now: its topic was made anew`,
        );
        return [];
      });
  }

  /** Whom it is replayed for, in words. */
  #branchOf({ told }: Letter): string {
    const { to, app = told.app, node } = this.#request;
    if (to === 'topology') return '';
    return JSON.stringify(node === undefined ? [app, told.node, told.way] : [app, node]);
  }

  /** Undefined, and told, where nobody can say which node the letter is of. */
  #headersFor(letter: Letter, record: SourceRecord, of: LetterPosition): Header[] | undefined {
    const { told, topic, position } = letter;
    const { to, app = told.app, node } = this.#request;
    const branch = node === undefined ? { ...told, app } : { app, node };
    try {
      const at = { topic, ...position };
      return replayHeaders(record.headers, at, to === 'topology' ? undefined : branch, of);
    } catch (error) {
      if (!isKafkaRxError(error, 'REPLAY_TARGET')) throw error;
      this.#fail(
        nameOf(position),
        `nobody can say which node '${told.node}' is: name the operators of the app, and replay it with --node NAME or --to topology`,
      );
      return undefined;
    }
  }

  /** By partition and offset. */
  async #read(topic: FoundTopic, letters: readonly Letter[]): Promise<ReadonlyMap<string, SourceRecord>> {
    const { admin } = this.#connection;
    const begins = await admin.offsets(topic.name, 'earliest');
    const ends = await admin.offsets(topic.name, 'latest');
    const kept = letters.filter(({ told: { at } }) => {
      const { partition, offset } = at;
      return offset >= (begins[partition] ?? 0) && offset < (ends[partition] ?? 0);
    });
    const records = new Map<string, SourceRecord>();
    const wanted = offsetsByPartition(kept);
    if (kept.length > 0) {
      await readRecords(this.#connection, topic, {
        next: (partition, from) => wanted.get(partition)?.find(offset => offset >= from),
        take: (partition, record) => void records.set(nameOf({ partition, offset: record.offset }), record),
      });
    }
    return records;
  }

  /** @param alike of records that are among the first, or were sent before */
  async #publish(topic: string, first: readonly Found[], alike: readonly Found[]): Promise<void> {
    const producer = await this.#producerFor(topic);
    const acknowledged: Found[] = [];
    const outputs = new TopicOutputs(producer, topic, found => acknowledged.push(found), this.#refused);
    for (const found of first) outputs.append(found.letter.told.at.partition, found, found.record);
    await producer.flush();
    for (const { what } of acknowledged) this.#acknowledged.add(what);

    const isAlike = new Set(alike);
    const marks = new TopicOutputs(
      producer,
      this.#request.topic,
      found => (isAlike.has(found) ? this.alike++ : this.published++),
      this.#unmarked,
    );
    const now = Date.now();
    for (const found of [...acknowledged, ...alike]) {
      const { position } = found.letter;
      if (!this.#acknowledged.has(found.what)) {
        this.#fail(nameOf(position), 'its record could not be published, as is told of the letter before it');
        continue;
      }
      const mark = { key: Buffer.from(`replayed ${nameOf(position)}`), value: null, timestamp: now };
      marks.append(position.partition, found, { ...mark, headers: replayedMark(position) });
    }
    await producer.flush();
  }

  readonly #refused = ({ letter: { position } }: Found, { message }: KafkaRxError): void =>
    this.#fail(nameOf(position), `it could not be published: ${message}`);

  readonly #unmarked = ({ letter: { position } }: Found, { message }: KafkaRxError): void =>
    this.#fail(
      nameOf(position),
      `it was published, but could not be marked and would be published again: ${message}`,
    );

  async #producerFor(topic: string): Promise<DriverProducer> {
    // The brokers decide what is too large: the record came through them once, and is now larger by four headers.
    const options = { maxRecordBytes: Number.MAX_SAFE_INTEGER, deliveryTimeoutMs: 60_000 };
    this.#producer ??= this.#connection.producer(options);
    await this.#producer.prepare([topic, this.#request.topic]);
    return this.#producer;
  }
}

interface Found {
  readonly letter: Letter;
  /** With the headers of its replay. */
  readonly record: SourceRecord;
  /** Record and branch: letters that have this alike are replayed by one record. */
  readonly what: string;
}

function offsetsByPartition(letters: readonly Letter[]): ReadonlyMap<number, readonly number[]> {
  const offsets = new Map<number, number[]>();
  for (const { told } of letters) {
    const { partition, offset } = told.at;
    offsets.set(
      partition,
      [...(offsets.get(partition) ?? []), offset].sort((a, b) => a - b),
    );
  }
  return offsets;
}
