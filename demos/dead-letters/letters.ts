import {
  type DeadLetter,
  type DriverConnection,
  type LetterPosition,
  readDeadLetter,
  readReplayedMark,
} from 'kafka-rx';
import { readRecords } from './read-records.js';

/** A dead letter in its topic. */
export interface Letter {
  readonly topic: string;
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
  const begins = known === undefined ? [] : await connection.admin.offsets(topic, 'earliest');
  const ends = known === undefined ? [] : await connection.admin.offsets(topic, 'latest');
  const letters: Omit<Letter, 'replayed'>[] = [];
  const replayed = new Set<string>();
  await readRecords(connection, topic, {
    next(partition, from) {
      const offset = Math.max(from, begins[partition] ?? 0);
      return offset < (ends[partition] ?? 0) ? offset : undefined;
    },
    take(partition, { offset, timestamp, value, headers }) {
      const mark = readReplayedMark(headers);
      if (mark !== undefined) replayed.add(nameOf(mark));
      const told = readDeadLetter(headers);
      if (told === undefined) return;
      letters.push({ topic, position: { partition, offset }, told, failedAt: timestamp, payload: value });
    },
  });
  return letters
    .map(letter => ({ ...letter, replayed: replayed.has(nameOf(letter.position)) }))
    .sort((a, b) => a.position.partition - b.position.partition || a.position.offset - b.position.offset);
}
