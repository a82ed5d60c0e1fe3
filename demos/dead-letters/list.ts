import type { Coordinates } from 'kafka-rx';
import { columns, shown } from '../purchases/columns.js';
import { type Letter, nameOf } from './letters.js';

/** Longer than any name that Kafka or a topology has in practice; the terminal breaks the line. */
const longest = 120;

/** A line for each dead letter, and how many there are. */
export function asList(letters: readonly Letter[]): string {
  const heads = ['LETTER', 'FAILED AT', 'REASON', 'STAGE', 'NODE', 'RECORD', 'PATH', ''];
  const rows = letters.map(({ position, failedAt, told, replayed }) => [
    nameOf(position),
    timeOf(failedAt),
    shown(told.reason),
    shown(told.stage),
    shown(told.node, longest),
    shown(recordName(told.at), longest),
    shown(told.path ?? '', longest),
    replayed ? 'replayed' : '',
  ]);
  const lines = rows.length === 0 ? [] : columns([heads, ...rows], []);
  const replayed = letters.filter(letter => letter.replayed).length;
  return `${[...lines, `${letters.length} dead ${letters.length === 1 ? 'letter' : 'letters'}, ${replayed} replayed`].join('\n')}\n`;
}

export function asListJson(letters: readonly Letter[]): string {
  const plain = letters.map(({ position, failedAt, told, replayed }) => ({
    letter: nameOf(position),
    failedAt: timeOf(failedAt),
    ...told,
    replayed,
  }));
  const replayed = letters.filter(letter => letter.replayed).length;
  return `${JSON.stringify({ deadLetters: letters.length, replayed, letters: plain })}\n`;
}

/** As `topic/partition:offset`. */
export function recordName({ topic, partition, offset }: Coordinates): string {
  return `${topic}/${partition}:${offset}`;
}

/** A timestamp of Kafka, which may be anything. */
export function timeOf(ms: number): string {
  return ms >= 0 && ms < 8.64e15 ? new Date(ms).toISOString() : '-';
}
