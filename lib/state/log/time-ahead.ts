import { Buffer } from 'node:buffer';
import type { Headers } from '../../record/headers.js';

/**
 * The timestamp of a row that is ahead of the clock: brokers take no record that is dated more than `message.timestamp.after.max.ms` ahead of theirs, an hour
 * by Kafka 4's default, and would refuse the whole unit.
 */
const header = 'kafka-rx.state-timestamp';

export function headersOfTime(timestamp: number): Headers {
  return [{ key: header, value: Buffer.from(String(timestamp)) }];
}

/** Milliseconds since 1970, of a row. @param dated when its record says that it was written */
export function rowTimeIn(headers: Headers, dated: number): number {
  if (headers.length === 0) return dated;
  const told = headers.find(({ key }) => key === header)?.value;
  return told === undefined || told === null ? dated : Number(told.toString());
}
