/** What is left when all has stopped, read by a client that is not the library's. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { string } from 'kafka-rx';
import { lmdb } from 'kafka-rx/lmdb';
import { historyOptions } from '../../demos/purchases/topology.js';
import { changingOutput, changingStore, foundTopics, namedTopic } from './changing-topics.js';
import type { ChangingEvidence, CommittedSample, LogRecord, StoredWrite } from './evidence.js';
import type { FetchedRecord } from './exactly-once/committed-records.js';
import { readToEnds } from './exactly-once/read-to-ends.js';
import { isPoison } from './load-generator.js';
import { groupId, inputTopic, writesFile } from './messages.js';

const readBoundMs = 120_000;

/** The input's purchases and the outputs' records in offset order, and every commit of the group in the order of its log. */
export interface TopicsRead {
  readonly topics: ReadonlyMap<string, readonly LogRecord[]>;
  readonly commits: readonly CommittedSample[];
}

const offsetsTopic = '__consumer_offsets';

export async function readTopics(brokers: readonly string[], names: readonly string[]): Promise<TopicsRead> {
  const topics = new Map<string, LogRecord[]>(names.map(name => [name, []]));
  const commits: CommittedSample[] = [];
  const all = [...names, offsetsTopic];
  await readToEnds({ brokers, topics: all, isolation: 'committed', withinMs: readBoundMs }, look => {
    for (const record of look.records) take(look.topic, look.partition, record, topics, commits);
  });
  return { topics, commits };
}

function take(
  topic: string,
  partition: number,
  { key, value, offset, timestamp: appendedMs }: FetchedRecord,
  topics: ReadonlyMap<string, LogRecord[]>,
  commits: CommittedSample[],
): void {
  if (topic === offsetsTopic) {
    const commit = committed(key, value, appendedMs);
    if (commit !== undefined) commits.push(commit);
    return;
  }
  if (value === null || isPoison(value)) return;
  topics.get(topic)?.push({ id: idOf(topic, value), partition, offset, appendedMs });
}

/** See load-generator.ts for where each topic keeps the id. */
export function idOf(topic: string, value: Buffer): string {
  if (topic === changingOutput || topic === namedTopic || foundTopics.test(topic)) return value.toString();
  const fields: Record<string, unknown> = JSON.parse(value.toString());
  if (topic === 'patterns') return String(fields['item']);
  if (topic === 'rewards') return `${fields['customerId']}:${fields['amount']}`;
  return String(fields['storeId']);
}

/** Kafka's OffsetCommitKey (version 0 or 1) and OffsetCommitValue (their first fields are the same in all versions). */
function committed(key: Buffer | null, value: Buffer | null, knownMs: number): CommittedSample | undefined {
  if (key === null || key.readInt16BE(0) > 1) return undefined; // a group's metadata
  let at = 2;
  const text = (): string => {
    const length = key.readInt16BE(at);
    at += 2 + length;
    return key.toString('utf8', at - length, at);
  };
  const [group, topic] = [text(), text()];
  if (group !== groupId || topic !== inputTopic) return undefined;
  const offset = value === null ? -1 : Number(value.readBigInt64BE(2));
  return { source: 'commit-log', knownMs, committed: new Map([[key.readInt32BE(at), offset]]) };
}

export interface StoreRead {
  readonly documents: ReadonlySet<string>;
  readonly writes: readonly StoredWrite[];
}

/** All members' stores together: what they hold, and what they noted when. */
export async function readStores(folders: readonly string[]): Promise<StoreRead> {
  const documents = new Set<string>();
  const writes: StoredWrite[] = [];
  for (const folder of folders) {
    const text = await readFile(join(folder, writesFile), 'utf8').catch(() => '');
    for (const line of text.split('\n')) {
      const [durableMs, ...places] = line.split(' ');
      for (const place of places) {
        const [partition, offset] = place.split('/').map(Number);
        if (partition === undefined || offset === undefined) continue;
        writes.push({ partition, offset, durableMs: Number(durableMs) });
      }
    }
    if (text === '') continue;
    const store = lmdb('history', { ...historyOptions, directory: folder, readOnly: true });
    await store.open();
    try {
      // An id is cluster/topic/partition/offset.
      for await (const { id } of store.byTime()) documents.add(id.split('/').slice(-2).join('/'));
    } finally {
      await store.close();
    }
  }
  return { documents, writes };
}

/** The documents of the topics that come and go, of all members together. */
export async function readChangingStores(folders: readonly string[]): Promise<ChangingEvidence['documents']> {
  const documents: { origin: string; id: string }[] = [];
  for (const folder of folders) {
    const directory = join(folder, changingStore);
    // A member that was killed before its first write has no store yet.
    const noted = await readFile(join(directory, writesFile), 'utf8').catch(() => '');
    if (noted === '') continue;
    const store = lmdb(changingStore, { value: string, directory, readOnly: true });
    await store.open();
    try {
      for await (const { id, value } of store.byTime()) {
        documents.push({ origin: id.split('/').slice(0, 2).join('/'), id: value });
      }
    } finally {
      await store.close();
    }
  }
  return documents;
}
