import type { Standstill, TopicPartition } from '../../drivers/port.js';
import { toldOfPartitions } from './told-of-partitions.js';

/** The units of work by which the app writes, if it does. */
interface UnitsOfApp {
  /** It writes to this topic by units. */
  writes(topic: string): boolean;
  /** The task of this member whose unit is open from there on; undefined: another producer's, or nobody has told yet. */
  writerAt(partition: TopicPartition, offset: number): string | undefined;
  /** Milliseconds between commits. @see AppOptions.commit */
  readonly intervalMs: number;
}

/**
 * One sentence for each partition that has stood still for long, and what to do about it: nobody would miss what does not come.
 *
 * @param nowMs the clock's monotonic time
 * @param longMs how long that is
 */
export function standstillWaits(
  standstills: readonly Standstill[],
  nowMs: number,
  longMs: number,
  units: UnitsOfApp,
): readonly string[] {
  const long = standstills.filter(({ since }) => nowMs - since >= longMs);
  return toldOfPartitions(long, standstill => {
    const seconds = Math.round((nowMs - standstill.since) / 1000);
    return `has stood still at offset ${standstill.offset} for ${seconds} s: ${whyAndWhatToDo(standstill, units)}`;
  });
}

function whyAndWhatToDo(standstill: Standstill, units: UnitsOfApp): string {
  const { cause, topic, partition, offset, records } = standstill;
  const place = `--topic ${topic} --partition ${partition}`;
  if (cause === 'unanswered')
    return `no broker answers for it; look at its leader with kafka-topics.sh --bootstrap-server SERVERS --describe --topic ${topic}`;
  const interval = `commit.intervalMs (${units.intervalMs} ms)`;
  const writer = units.writerAt(standstill, offset);
  if (writer !== undefined)
    return (
      `the record there is of this app's own unit of work of ${writer}, and ${records} offsets wait for that; it is committed after ` +
      `${interval}, once all of it has settled: where that is too late, lower commit.intervalMs`
    );
  const ofApp = units.writes(topic)
    ? `units of work of this app, of other members too, end by themselves after ${interval}; of others `
    : '';
  return (
    `the record there is of a transaction that its producer has not ended, and ${records} offsets wait for that; ${ofApp}find ` +
    `the producer with kafka-transactions.sh --bootstrap-server SERVERS describe-producers ${place}, and where find-hanging ${place} lists the ` +
    `transaction, end it with abort ${place} --start-offset ${offset}`
  );
}
