import type { DriverAdmin, DriverConnection, SourceRecord } from '../drivers/port.js';
import { isKafkaRxError, KafkaRxError } from '../errors/errors.js';
import type { Change, ChangelogPosition, ChangelogPositions, StateBackend } from './backend.js';
import { type Cut, decodeCut } from './cut.js';
import { cutKey } from './log/log-keys.js';
import type { LogRecords } from './log/log-record.js';
import type { ReadLog } from './read-cuts.js';
import type { RestoreBudget } from './restore-budget.js';
import { type RowVersions, versionIn } from './row-versions.js';
import { unseen, withItsStates } from './state-errors.js';

/** What is taken in at once: records, and bytes of them. */
const chunkRecords = 10_000;
const chunkBytes = 4 * 1024 * 1024;
/** Of one answer: a reader has two of them, of which it asks for one beforehand. */
const answerBytes = 1024 * 1024;
/** What a restore of one changelog holds in memory. */
const shareBytes = chunkBytes + 2 * answerBytes;
/** Of a row beside key and value, estimated. */
const rowBytes = 100;

/** One changelog, as it is restored. */
export interface RestoredLog {
  readonly state: string;
  readonly topic: string;
  /** Of the topic that there is now. */
  readonly topicId: string;
  readonly partition: number;
  readonly records: LogRecords;
  readonly versions: RowVersions;
}

/** How far a restore is. */
export interface RestoreProgress {
  readonly state: string;
  readonly topic: string;
  readonly partition: number;
  /** Offsets of the changelog that are behind it, and that are still to be read. */
  readonly have: number;
  readonly need: number;
  /** Milliseconds since it began. */
  readonly tookMs: number;
  /** Offsets a second since it began; 0 in its first millisecond. */
  readonly rate: number;
  /** Milliseconds until it is through, at that rate; undefined: nobody can say. */
  readonly etaMs: number | undefined;
}

/** The same, of a task such as `orders/0`. */
export interface TaskRestoreProgress extends RestoreProgress {
  readonly task: string;
}

export interface RestoreParts {
  readonly reader: NonNullable<DriverConnection['reader']>;
  readonly admin: Pick<DriverAdmin, 'offsets'>;
  /** Of all restores of the app: who finds no room there waits, and has read nothing yet. */
  readonly budget: RestoreBudget;
  /** Milliseconds since 1970. */
  now(): number;
  elapsed(): number;
  /** The epoch that it is for goes on. */
  wanted(): boolean;
  progress(progress: RestoreProgress): void;
}

/**
 * Reads a changelog from where the backend is to the last stable offset: behind the fence of an open unit that is the last cut, whole. What was read
 * stays, also where it is given up half-way.
 *
 * @returns the last cut that it told of, undefined: none behind where it began; and all below `end` was read
 */
export async function restoreLog(
  log: RestoredLog,
  backend: StateBackend,
  parts: RestoreParts,
): Promise<Pick<ReadLog, 'cut' | 'end'>> {
  const giveBack = await parts.budget.take(shareBytes);
  try {
    // It may have waited for long.
    if (!parts.wanted()) throw givenUp(log, 0);
    return await restoreInBudget(log, backend, parts);
  } finally {
    giveBack();
  }
}

async function restoreInBudget(
  log: RestoredLog,
  backend: StateBackend,
  parts: RestoreParts,
): Promise<Pick<ReadLog, 'cut' | 'end'>> {
  const { topic, topicId, partition } = log;
  const began = parts.elapsed();
  const position = backend.checkpoint?.positions.get(topic);
  // Another topic under the name: what lies here came of a log that is gone.
  if (position !== undefined && position.topicId !== topicId && backend.checkpoint?.commitNumber !== 0)
    throw changelogLost(log, position.offset, 'was deleted and made anew');
  const from = position === undefined || position.topicId !== topicId ? 0 : position.offset;
  const reader = parts.reader({ topic, partition, from, maxBytes: answerBytes, readCommitted: true });
  const chunk = new Chunk(log);
  let cut: Cut | undefined;
  let cutAt: number | undefined;
  const flush = async (offset: number): Promise<void> => {
    // It tells what the commits of the inputs are held against, and is read again by whoever comes next.
    const { version } = log.versions;
    const positions = withPosition(backend, topic, {
      topicId,
      offset: cutAt ?? offset,
      ...(version === 1 ? {} : { version }),
    });
    await backend.restore(chunk.take(), { positions, time: parts.now() });
  };
  try {
    let at = from;
    for (let batch = await reader.next(); batch !== undefined; batch = await reader.next()) {
      if (!parts.wanted()) throw givenUp(log, at);
      if (batch.topicId !== topicId) throw changelogLost(log, at, 'was deleted and made anew');
      for (let record = batch.next(); record !== undefined; record = batch.next()) {
        const told = chunk.add(record);
        if (told !== undefined) {
          cut = told;
          cutAt = record.offset;
        }
        if (chunk.isFull) await flush(record.offset + 1);
      }
      at = batch.nextOffset;
      const { state } = log;
      const far = { have: at - from, need: Math.max(0, batch.endOffset - at) };
      parts.progress({ state, topic, partition, ...paced(far, parts.elapsed() - began) });
    }
    const ahead = backend.ahead?.get(topic);
    if (ahead !== undefined && at < ahead.offset) throw await endMissing(log, at, ahead.offset, parts);
    if (at > from || position === undefined) await flush(at);
    return { cut, end: at };
  } catch (error) {
    throw isKafkaRxError(error, 'OFFSET_GONE')
      ? changelogLost(log, from, 'is not there any more where the copy of it ends', error)
      : error;
  } finally {
    await reader.close();
  }
}

/** What was applied has been committed: it is there, be it that nobody sees it yet, or the changelog has lost it. */
async function endMissing(
  log: RestoredLog,
  at: number,
  due: number,
  { admin }: RestoreParts,
): Promise<KafkaRxError> {
  const ends = await admin.offsets(log.topic, 'latest');
  if ((ends[log.partition] ?? 0) < due) return changelogLost(log, at, 'has lost its end');
  return new KafkaRxError(
    'CHANGELOG_LOST',
    `The changelog of the state '${log.state}' shows less than the copy of it has: ${unseen}`,
    {
      at: { topic: log.topic, partition: log.partition, offset: at },
      retriable: true,
      remedy: 'Nothing: it is read again',
    },
  );
}

function paced(
  { have, need }: Pick<RestoreProgress, 'have' | 'need'>,
  tookMs: number,
): Pick<RestoreProgress, 'have' | 'need' | 'tookMs' | 'rate' | 'etaMs'> {
  const rate = tookMs > 0 ? (have * 1000) / tookMs : 0;
  const etaMs = need === 0 ? 0 : rate > 0 ? (need * 1000) / rate : undefined;
  return { have, need, tookMs, rate, etaMs };
}

function withPosition(
  { checkpoint }: StateBackend,
  topic: string,
  position: ChangelogPosition,
): ChangelogPositions {
  return new Map([...(checkpoint?.positions ?? []), [topic, position]]);
}

/** What was read and is not taken in yet, the last of each key. */
class Chunk {
  readonly #log: RestoredLog;
  #tables = new Map<string, Map<string, Change>>();
  #size = 0;
  #bytes = 0;

  constructor(log: RestoredLog) {
    this.#log = log;
  }

  get isFull(): boolean {
    return this.#size >= chunkRecords || this.#bytes >= chunkBytes;
  }

  /** @returns the cut, where the record tells of one */
  add(record: SourceRecord): Cut | undefined {
    const { state, topic, partition, records, versions } = this.#log;
    const text = record.key?.toString('latin1') ?? '';
    const at = { topic, partition, offset: record.offset };
    if (text === cutKey) return record.value === null ? undefined : decodeCut(record.value, at);
    const version = versionIn(record.headers);
    for (const [name, read] of records.changesOf(record, text)) {
      const table = `${state}/${name}`;
      const change = version === versions.version ? read : versions.upgraded(name, read, version, at);
      const changes = this.#tables.get(table) ?? new Map<string, Change>();
      this.#tables.set(table, changes.set(change[0], change));
      this.#size++;
      this.#bytes += change[0].length + (change[1]?.length ?? 0) + rowBytes;
    }
    return undefined;
  }

  take(): ReadonlyMap<string, readonly Change[]> {
    const taken = new Map(
      [...this.#tables].map(([table, changes]) => [
        table,
        [...changes.values()].sort(([one], [other]) => (one < other ? -1 : 1)),
      ]),
    );
    this.#tables = new Map();
    this.#size = this.#bytes = 0;
    return taken;
  }
}

function changelogLost(
  { state, topic, partition }: RestoredLog,
  offset: number,
  what: string,
  cause?: unknown,
): KafkaRxError {
  return new KafkaRxError('CHANGELOG_LOST', `The changelog of the state '${state}' ${what}`, {
    at: { topic, partition, offset },
    cause,
    remedy: `Reset the group ${withItsStates}`,
  });
}

function givenUp({ state, topic, partition }: RestoredLog, offset: number): KafkaRxError {
  return new KafkaRxError(
    'CLOSED',
    `The restore of the state '${state}' was given up: its task went elsewhere`,
    {
      at: { topic, partition, offset },
      retriable: true,
    },
  );
}
