import type { Standstill } from '../../drivers/port.js';
import { toldOfPartitions } from './told-of-partitions.js';

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
): readonly string[] {
  const long = standstills.filter(({ since }) => nowMs - since >= longMs);
  return toldOfPartitions(long, standstill => {
    const seconds = Math.round((nowMs - standstill.since) / 1000);
    return `has stood still at offset ${standstill.offset} for ${seconds} s: ${whyAndWhatToDo(standstill)}`;
  });
}

function whyAndWhatToDo({ cause, topic, partition, offset, records }: Standstill): string {
  const place = `--topic ${topic} --partition ${partition}`;
  if (cause === 'unanswered')
    return `no broker answers for it; look at its leader with kafka-topics.sh --bootstrap-server SERVERS --describe --topic ${topic}`;
  return (
    `the record there is of a transaction that its producer has not ended, and ${records} offsets wait for that; find ` +
    `the producer with kafka-transactions.sh --bootstrap-server SERVERS describe-producers ${place}, and where find-hanging ${place} lists the ` +
    `transaction, end it with abort ${place} --start-offset ${offset}`
  );
}
