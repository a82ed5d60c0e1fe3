/**
 * What a member tells the assignor through Kafka's group protocol, as bytes: its previous assignment and its groups
 * of co-partitioned topics. Kafka passes the bytes on unread.
 *
 * Layout: `kx`, version, FNV-1a checksum (4 bytes), then varints and UTF-8: the topics (length, bytes), then for
 * each of them its owned partitions (count, first, differences), then the groups (count, indices of topics).
 */
import type { TopicPartition } from './port.js';

/** @category Drivers @since 0.1.0 */
export interface AssignorUserData {
  readonly owned: readonly TopicPartition[];
  readonly coPartitioned: readonly (readonly string[])[];
}

const magic = [0x6b, 0x78] as const;
const version = 1;
const bodyAt = 7;

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

  const bytes: number[] = [];
  writeNumber(bytes, topics.length);
  for (const topic of topics) {
    const name = Buffer.from(topic, 'utf8');
    writeNumber(bytes, name.length);
    for (const byte of name) bytes.push(byte);
  }
  for (const topic of topics) {
    const sorted = [...new Set(partitions.get(topic))].sort((a, b) => a - b);
    writeNumber(bytes, sorted.length);
    let before = 0;
    for (const partition of sorted) {
      writeNumber(bytes, partition - before);
      before = partition;
    }
  }
  writeNumber(bytes, coPartitioned.length);
  for (const group of coPartitioned) {
    writeNumber(bytes, group.length);
    for (const topic of group) writeNumber(bytes, index.get(topic) ?? 0);
  }

  const body = Buffer.from(bytes);
  const head = Buffer.alloc(bodyAt);
  head.set([...magic, version]);
  head.writeUInt32BE(checksum(body), 3);
  return Buffer.concat([head, body]);
}

/**
 * The user data in `bytes`, or undefined where they are another assignor's, of another version or damaged: such a
 * member is assigned to like one that joins for the first time, and nothing fails.
 *
 * @category Drivers @since 0.1.0
 */
export function decodeUserData(bytes: Buffer | null | undefined): AssignorUserData | undefined {
  if (bytes === null || bytes === undefined || bytes.length < bodyAt) return undefined;
  if (bytes[0] !== magic[0] || bytes[1] !== magic[1] || bytes[2] !== version) return undefined;
  const body = bytes.subarray(bodyAt);
  if (bytes.readUInt32BE(3) !== checksum(body)) return undefined;
  return new Reader(body).userData();
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
function checksum(body: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of body) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** Reads with a bound on everything: the checksum is no protection from a writer with a defect. */
class Reader {
  readonly #body: Buffer;
  #at = 0;
  #broken = false;

  constructor(body: Buffer) {
    this.#body = body;
  }

  userData(): AssignorUserData | undefined {
    const topics = this.#list(() => this.#text());
    const owned: TopicPartition[] = [];
    for (const topic of topics) {
      let partition = 0;
      for (const difference of this.#list(() => this.#number())) {
        partition += difference;
        owned.push({ topic, partition });
      }
    }
    const coPartitioned = this.#list(() => this.#list(() => this.#topic(topics)));
    return this.#broken || this.#at !== this.#body.length ? undefined : { owned, coPartitioned };
  }

  #list<T>(item: () => T): T[] {
    const items: T[] = [];
    const length = this.#number();
    for (let i = 0; i < length && !this.#broken; i++) items.push(item());
    return items;
  }

  #number(): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#body[this.#at++];
      if (byte === undefined) break;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    this.#broken = true;
    return 0;
  }

  #text(): string {
    const length = this.#number();
    const end = this.#at + length;
    if (end > this.#body.length) this.#broken = true;
    const text = this.#body.toString('utf8', this.#at, end);
    this.#at = end;
    return text;
  }

  #topic(topics: readonly string[]): string {
    const topic = topics[this.#number()];
    if (topic === undefined) this.#broken = true;
    return topic ?? '';
  }
}
