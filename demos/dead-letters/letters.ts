import {
  type DeadLetter,
  type DriverConnection,
  isOfTopic,
  KafkaRxError,
  type LetterPosition,
  originOf,
  readDeadLetter,
  readReplayedMark,
} from 'kafka-rx';
import { readRecords } from './read-records.js';

/** A dead letter in its topic. */
export interface Letter {
  readonly topic: string;
  /** With the origin of its topic. */
  readonly position: LetterPosition;
  readonly told: DeadLetter;
  /** Milliseconds since 1970: when the record failed. */
  readonly failedAt: number;
  readonly payload: Buffer | null;
  readonly replayed: boolean;
}

/** As `list` shows it and `show` and `replay` take it. */
export function nameOf({ partition, offset }: LetterPosition): string {
  return `${partition}:${offset}`;
}

/** Every dead letter that the topic holds now, by partition and offset, with what is marked as replayed. */
export async function lettersIn(connection: DriverConnection, topic: string): Promise<readonly Letter[]> {
  const [known] = await connection.topics([topic]);
  if (known === undefined) {
    throw new KafkaRxError('MISSING_TOPIC', `The topic '${topic}' does not exist`, {
      remedy: 'Correct the name',
    });
  }
  const origin = originOf(connection, known);
  const begins = await connection.admin.offsets(topic, 'earliest');
  const ends = await connection.admin.offsets(topic, 'latest');
  const letters: Omit<Letter, 'replayed'>[] = [];
  const replayed = new Set<string>();
  await readRecords(connection, known, {
    next(partition, from) {
      const offset = Math.max(from, begins[partition] ?? 0);
      return offset < (ends[partition] ?? 0) ? offset : undefined;
    },
    take(partition, { offset, timestamp, value, headers }) {
      const mark = readReplayedMark(headers);
      // One that came from elsewhere, as by a copy of the topic, is of another letter.
      if (mark !== undefined && isOfTopic(mark.origin, origin, topic)) replayed.add(nameOf(mark));
      const told = readDeadLetter(headers);
      if (told === undefined) return;
      letters.push({
        topic,
        position: { partition, offset, origin },
        told,
        failedAt: timestamp,
        payload: value,
      });
    },
  });
  return letters
    .map(letter => ({ ...letter, replayed: replayed.has(nameOf(letter.position)) }))
    .sort((a, b) => a.position.partition - b.position.partition || a.position.offset - b.position.offset);
}
