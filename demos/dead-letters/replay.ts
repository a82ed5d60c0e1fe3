import {
  type DriverConnection,
  type DriverProducer,
  type Header,
  isKafkaRxError,
  isOfTopic,
  type KafkaRxError,
  type LetterPosition,
  originOf,
  type ProducerOutput,
  replayedMark,
  replayHeaders,
  type SourceRecord,
} from 'kafka-rx';
import type { ReplayArguments } from './arguments.js';
import { type Letter, nameOf } from './letters.js';
import { recordName } from './list.js';
import { type FoundTopic, readRecords } from './read-records.js';

export interface Outcome {
  /** Records published again; in a dry run those that could be. */
  readonly published: number;
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
      if (this.#request.dryRun) this.published += found.length;
      else if (found.length > 0) await this.#publish(topic, found);
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
          return headers === undefined ? [] : [{ letter, record: { ...record, headers } }];
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

  async #publish(topic: string, found: readonly Found[]): Promise<void> {
    const producer = await this.#producerFor(topic);
    const acknowledged: Letter[] = [];
    const outputs = new Outputs(producer, topic, letter => acknowledged.push(letter), this.#refused);
    for (const { letter, record } of found) outputs.append(letter.told.at.partition, letter, record);
    await producer.flush();

    const marks = new Outputs(producer, this.#request.topic, () => this.published++, this.#unmarked);
    const now = Date.now();
    for (const letter of acknowledged) {
      const { position } = letter;
      const mark = { key: Buffer.from(`replayed ${nameOf(position)}`), value: null, timestamp: now };
      marks.append(position.partition, letter, { ...mark, headers: replayedMark(position) });
    }
    await producer.flush();
  }

  readonly #refused = ({ position }: Letter, { message }: KafkaRxError): void =>
    this.#fail(nameOf(position), `it could not be published: ${message}`);

  readonly #unmarked = ({ position }: Letter, { message }: KafkaRxError): void =>
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
}

/** The partitions of a topic, each acknowledged in order. */
class Outputs {
  readonly #outputs = new Map<number, { readonly output: ProducerOutput; readonly pending: Letter[] }>();

  constructor(
    private readonly producer: DriverProducer,
    private readonly topic: string,
    private readonly acknowledged: (letter: Letter) => void,
    private readonly refused: (letter: Letter, error: KafkaRxError) => void,
  ) {}

  append(
    partition: number,
    letter: Letter,
    { key, value, headers, timestamp }: Omit<SourceRecord, 'offset'>,
  ): void {
    const { output, pending } = this.#outputs.get(partition) ?? this.#open(partition);
    // A record of a producer that set no time has -1, which none can be published with.
    output.append(key, value, headers, timestamp < 0 ? Date.now() : timestamp);
    pending.push(letter);
  }

  #open(partition: number): { readonly output: ProducerOutput; readonly pending: Letter[] } {
    const pending: Letter[] = [];
    const output = this.producer.output(
      { topic: this.topic, partition },
      {
        acknowledged: count => pending.splice(0, count).forEach(this.acknowledged),
        refused: (count, error) => {
          for (const letter of pending.splice(0, count)) this.refused(letter, error);
        },
      },
    );
    const opened = { output, pending };
    this.#outputs.set(partition, opened);
    return opened;
  }
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
