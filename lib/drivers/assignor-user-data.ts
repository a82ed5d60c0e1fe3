/**
 * What a member tells the assignor through Kafka's group protocol, as bytes: its previous assignment and its groups
 * of co-partitioned topics. Kafka passes the bytes on unread, to whichever member leads the group, which may be of an
 * earlier or a later version than the one that wrote them.
 *
 * Layout: `kx`, version, FNV-1a checksum of the version and all that follows (4 bytes), then sections: number, length and
 * content, where numbers are varints. What a reader does not know it steps over: sections of other numbers, and what comes
 * behind the known content of a section. So a later version adds sections or adds to them, and gives no number another
 * meaning; its version is told for those who look at the bytes, and says nothing to a reader.
 *
 * | section | content |
 * | --- | --- |
 * | 1 | topics that the others name by their place here: count, then length and UTF-8 of each |
 * | 2 | owned partitions, for each topic in that order: count, first, differences |
 * | 3 | co-partitioned groups: count, then for each its count and the places of its topics |
 *
 * Version 1 had the contents of the three one behind the other, a checksum of these alone, and nothing else; it is still read.
 */
import { Buffer } from 'node:buffer';
import type { TopicPartition } from './port.js';

/** @category Drivers @since 0.1.0 */
export interface AssignorUserData {
  readonly owned: readonly TopicPartition[];
  readonly coPartitioned: readonly (readonly string[])[];
}

const magic = [0x6b, 0x78] as const;
const version = 2;
const versionAt = 2;
const checksumAt = 3;
const bodyAt = 7;

const sections = { topics: 1, owned: 2, coPartitioned: 3 } as const;

/** The bytes for the member's metadata: a few for each topic and one for most partitions. @category Drivers @since 0.1.0 */
export function encodeUserData({ owned, coPartitioned }: AssignorUserData): Buffer {
  const partitions = new Map<string, number[]>();
  for (const topic of coPartitioned.flat()) partitions.set(topic, []);
  for (const { topic, partition } of owned) {
    const known = partitions.get(topic);
    if (known === undefined) partitions.set(topic, [partition]);
    else known.push(partition);
  }
  const topics = [...partitions.keys()].sort();
  const index = new Map(topics.map((topic, i) => [topic, i]));

  const bytes: number[] = [...magic, version, 0, 0, 0, 0];
  writeSection(bytes, sections.topics, content => {
    writeList(content, topics, topic => {
      const name = Buffer.from(topic, 'utf8');
      writeNumber(content, name.length);
      for (const byte of name) content.push(byte);
    });
  });
  writeSection(bytes, sections.owned, content => {
    for (const topic of topics) {
      const sorted = [...new Set(partitions.get(topic))].sort((a, b) => a - b);
      let before = 0;
      writeList(content, sorted, partition => {
        writeNumber(content, partition - before);
        before = partition;
      });
    }
  });
  writeSection(bytes, sections.coPartitioned, content => {
    writeList(content, coPartitioned, group => {
      writeList(content, group, topic => writeNumber(content, index.get(topic) ?? 0));
    });
  });

  const encoded = Buffer.from(bytes);
  encoded.writeUInt32BE(
    checksum(encoded.subarray(versionAt, checksumAt), encoded.subarray(bodyAt)),
    checksumAt,
  );
  return encoded;
}

/**
 * The user data in `bytes`, or undefined where they are another assignor's or damaged: such a member is assigned to like
 * one that joins for the first time, and nothing fails.
 *
 * @category Drivers @since 0.1.0
 */
export function decodeUserData(bytes: Buffer | null | undefined): AssignorUserData | undefined {
  if (bytes === null || bytes === undefined || bytes.length < bodyAt) return undefined;
  if (bytes[0] !== magic[0] || bytes[1] !== magic[1]) return undefined;
  const body = bytes.subarray(bodyAt);
  const isFirst = bytes[versionAt] === 1;
  const covered = isFirst ? [body] : [bytes.subarray(versionAt, checksumAt), body];
  if (bytes.readUInt32BE(checksumAt) !== checksum(...covered)) return undefined;
  return isFirst ? readFirstVersion(new Reader(body)) : readSections(new Reader(body));
}

function readFirstVersion(body: Reader): AssignorUserData | undefined {
  const topics = readTopics(body);
  const owned = readOwned(body, topics);
  const coPartitioned = readGroups(body, topics);
  return body.isBroken || body.left > 0 ? undefined : { owned, coPartitioned };
}

function readSections(body: Reader): AssignorUserData | undefined {
  const found = new Map<number, Reader>();
  while (body.left > 0 && !body.isBroken) found.set(body.number(), body.part(body.number()));
  const read = <T>(section: number, content: (from: Reader) => T[]): T[] => {
    const from = found.get(section);
    return from === undefined ? [] : content(from);
  };
  const topics = read(sections.topics, readTopics);
  const owned = read(sections.owned, from => readOwned(from, topics));
  const coPartitioned = read(sections.coPartitioned, from => readGroups(from, topics));
  return [body, ...found.values()].some(({ isBroken }) => isBroken) ? undefined : { owned, coPartitioned };
}

const readTopics = (from: Reader): string[] => from.list(() => from.text());

function readOwned(from: Reader, topics: readonly string[]): TopicPartition[] {
  const owned: TopicPartition[] = [];
  for (const topic of topics) {
    let partition = 0;
    for (const difference of from.list(() => from.number())) {
      partition += difference;
      owned.push({ topic, partition });
    }
  }
  return owned;
}

const readGroups = (from: Reader, topics: readonly string[]): string[][] =>
  from.list(() => from.list(() => from.oneOf(topics)));

/** A section, its content as `write` puts it. */
function writeSection(bytes: number[], section: number, write: (content: number[]) => void): void {
  const content: number[] = [];
  write(content);
  writeNumber(bytes, section);
  writeNumber(bytes, content.length);
  for (const byte of content) bytes.push(byte);
}

function writeList<T>(bytes: number[], items: readonly T[], write: (item: T) => void): void {
  writeNumber(bytes, items.length);
  for (const item of items) write(item);
}

function writeNumber(bytes: number[], value: number): void {
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
}

/** FNV-1a, 32 bits: enough to tell another assignor's bytes that happen to begin like ours. */
function checksum(...parts: readonly Uint8Array[]): number {
  let hash = 0x811c9dc5;
  for (const part of parts) for (const byte of part) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** Reads with a bound on everything: the checksum is no protection from a writer with a defect. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;
  #broken = false;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  get isBroken(): boolean {
    return this.#broken;
  }

  list<T>(item: () => T): T[] {
    const items: T[] = [];
    const length = this.number();
    for (let i = 0; i < length && !this.#broken; i++) items.push(item());
    return items;
  }

  number(): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) break;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    this.#broken = true;
    return 0;
  }

  text(): string {
    return this.#take(this.number()).toString('utf8');
  }

  /** The next bytes, to be read by themselves. */
  part(length: number): Reader {
    return new Reader(this.#take(length));
  }

  oneOf(topics: readonly string[]): string {
    const topic = topics[this.number()];
    if (topic === undefined) this.#broken = true;
    return topic ?? '';
  }

  #take(length: number): Buffer {
    const from = this.#at;
    this.#at += length;
    if (this.#at > this.#bytes.length) this.#broken = true;
    return this.#bytes.subarray(from, this.#at);
  }
}
