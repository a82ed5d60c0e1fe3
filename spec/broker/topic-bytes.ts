import type { DriverConnection } from 'kafka-rx';
import { readRecords } from '../../demos/dead-letters/read-records.js';

const lineFeed = Buffer.from('\n');

/** Everything in a topic: keys, values, names and values of headers, a line feed behind each. */
export async function bytesOf(connection: DriverConnection, topic: string): Promise<Buffer> {
  const [known] = await connection.topics([topic]);
  if (known === undefined) throw new Error(`no topic ${topic}`);
  const ends = await connection.admin.offsets(topic, 'latest');
  const parts: Buffer[] = [];
  await readRecords(connection, known, {
    next: (partition, from) => (from < (ends[partition] ?? 0) ? from : undefined),
    take: (_partition, { key, value, headers }) => {
      const named = headers.flatMap(header => [Buffer.from(header.key), header.value]);
      for (const part of [key, value, ...named]) if (part !== null) parts.push(part, lineFeed);
    },
  });
  return Buffer.concat(parts);
}
