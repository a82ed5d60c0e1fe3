import { disregard } from '../../base/disregard.js';
import type { FetchedBatch, SourceRecord } from '../../drivers/port.js';
import { errorKind, isKafkaRxError, KafkaRxError } from '../../errors/errors.js';
import type { TopicView } from './topic-view.js';

/** Loads what codecs need before a batch's records are decoded; batches of a partition stay in order. */
export interface BatchPreparation {
  /** Resolves to the same records, ready to be decoded. Rejects with `DECODE` at the batch's first record. */
  prepare(batch: FetchedBatch): Promise<FetchedBatch>;
}

/** Undefined where no codec of these views has anything to prepare: then batches are not awaited at all. */
export function preparationFor(views: readonly TopicView[]): BatchPreparation | undefined {
  const waiting = views.filter(view => view.key.prepare !== undefined || view.value.prepare !== undefined);
  if (waiting.length === 0) return undefined;
  let before: Promise<unknown> = Promise.resolve();
  return {
    prepare(batch) {
      const records = recordsOf(batch);
      const prepared = Promise.all(waiting.map(view => prepareView(view, records))).catch(cause => {
        throw failed(cause, batch, records[0]?.offset ?? batch.nextOffset);
      });
      // After one that failed before it nobody asks for this one.
      disregard(prepared);
      const ready = before.then(() => prepared).then(() => handingOut(batch, records));
      before = ready;
      return ready;
    },
  };
}

async function prepareView({ key, value }: TopicView, records: readonly SourceRecord[]): Promise<void> {
  // Each in a promise of its own: what the one throws at once must not leave the other's rejection to nobody.
  await Promise.all([
    (async () => key.prepare?.(records.map(record => record.key)))(),
    (async () => value.prepare?.(records.map(record => record.value)))(),
  ]);
}

function recordsOf(batch: FetchedBatch): SourceRecord[] {
  const records: SourceRecord[] = [];
  for (let record = batch.next(); record !== undefined; record = batch.next()) records.push(record);
  return records;
}

function handingOut(batch: FetchedBatch, records: readonly SourceRecord[]): FetchedBatch {
  const { topic, partition, epoch, topicId, bytes, nextOffset, endOffset } = batch;
  let next = 0;
  return {
    topic,
    partition,
    epoch,
    topicId,
    bytes,
    nextOffset,
    endOffset,
    count: records.length,
    next: () => records[next++],
    reread: offset => batch.reread(offset),
  };
}

function failed(cause: unknown, { topic, partition }: FetchedBatch, offset: number): KafkaRxError {
  return new KafkaRxError(
    'DECODE',
    `A codec could not prepare a batch: ${isKafkaRxError(cause) ? cause.message : errorKind(cause)}`,
    {
      at: { topic, partition, offset },
      cause,
      remedy: 'Look at what the codec loads from, such as its schema registry; the batch was not touched',
    },
  );
}
