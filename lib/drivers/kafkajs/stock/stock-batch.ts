import { Buffer } from 'node:buffer';
import type { IHeaders, KafkaMessage } from 'kafkajs';
import { type Headers, noHeaders } from '../../../record/headers.js';
import { PartitionBatch } from '../../partition-batch.js';
import type { SourceRecord } from '../../port.js';
import type { ReadPartition } from '../../read-partition.js';
import { offsetOf } from '../cluster/cluster-queries.js';

/** A record's fields beside key and value, an estimate. */
const overheadBytes = 100;

/** Messages that kafkajs has decoded, handed out as records. */
export class StockBatch extends PartitionBatch {
  readonly #messages: readonly KafkaMessage[];
  #index = 0;

  constructor(at: ReadPartition, messages: readonly KafkaMessage[], nextOffset: number, endOffset: number) {
    super(at, {
      bytes: Math.max(1, bytesOf(messages)),
      count: messages.length,
      nextOffset,
      endOffset: Math.max(endOffset, nextOffset),
    });
    this.#messages = messages;
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

function bytesOf(messages: readonly KafkaMessage[]): number {
  let bytes = 0;
  for (const { key, value } of messages) bytes += overheadBytes + (key?.length ?? 0) + (value?.length ?? 0);
  return bytes;
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
