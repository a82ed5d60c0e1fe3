import type { IHeaders, KafkaMessage } from 'kafkajs';
import { type Headers, noHeaders } from '../../../record/headers.js';
import type { AssignedPartition, FetchedBatch, SourceRecord } from '../../port.js';
import { offsetOf } from '../cluster/cluster-queries.js';

/** A record's fields beside key and value, an estimate. */
const overheadBytes = 100;

/** Messages that kafkajs has decoded, handed out as records. */
export class StockBatch implements FetchedBatch {
  readonly topic: string;
  readonly partition: number;
  readonly epoch: number;
  readonly bytes: number;
  readonly count: number;
  readonly nextOffset: number;
  readonly endOffset: number;
  readonly #messages: readonly KafkaMessage[];
  #index = 0;

  constructor(
    { topic, partition, epoch }: AssignedPartition,
    messages: readonly KafkaMessage[],
    nextOffset: number,
    endOffset: number,
  ) {
    this.topic = topic;
    this.partition = partition;
    this.epoch = epoch;
    this.#messages = messages;
    this.count = messages.length;
    this.nextOffset = nextOffset;
    this.endOffset = Math.max(endOffset, nextOffset);
    let bytes = 0;
    for (const { key, value } of messages) bytes += overheadBytes + (key?.length ?? 0) + (value?.length ?? 0);
    this.bytes = Math.max(1, bytes);
  }

  next(): SourceRecord | undefined {
    const message = this.#messages[this.#index++];
    return message && recordOf(message);
  }

  reread(offset: number): SourceRecord | undefined {
    const message = this.#messages.find(one => offsetOf(one.offset) === offset);
    return message && recordOf(message);
  }
}

function recordOf({ offset, timestamp, key, value, headers }: KafkaMessage): SourceRecord {
  return {
    offset: offsetOf(offset),
    timestamp: Number(timestamp),
    key,
    value,
    headers: headersOf(headers),
  };
}

/**
 * kafkajs decodes headers into an object: the order of different keys is lost where they look like numbers, and a key
 * that every object has, such as `toString`, comes with a function among its values, which is left out here.
 */
function headersOf(headers: IHeaders | undefined): Headers {
  const entries = Object.entries(headers ?? {});
  if (entries.length === 0) return noHeaders;
  return entries.flatMap(([key, values]) =>
    [values].flat().flatMap((value: unknown) => {
      if (value === null || Buffer.isBuffer(value)) return [{ key, value }];
      return [];
    }),
  );
}
