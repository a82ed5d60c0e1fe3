import { Buffer } from 'node:buffer';
import type { ChangelogPositions, Checkpoint } from '../backend.js';

/** Numbers of a cut are texts, since JSON has no infinite ones. */
interface Written {
  readonly commitNumber: number;
  readonly positions: readonly (readonly [
    topic: string,
    topicId: string,
    offset: number,
    /** Left out where it is 1. */
    version?: number,
  ])[];
  readonly numbers: readonly (readonly [name: string, value: string])[];
  readonly time: number;
}

export function checkpointBytes({ commitNumber, positions, numbers, time }: Checkpoint): Buffer {
  const written: Written = {
    commitNumber,
    positions: positionsOf(positions),
    numbers: [...numbers].map(([name, value]) => [name, String(value)]),
    time,
  };
  return Buffer.from(JSON.stringify(written));
}

export function readCheckpoint(bytes: Buffer): Checkpoint {
  const { commitNumber, positions, numbers, time }: Written = JSON.parse(bytes.toString());
  return {
    commitNumber,
    positions: byTopic(positions),
    numbers: new Map(numbers.map(([name, value]) => [name, Number(value)])),
    time,
  };
}

export function positionsBytes(positions: ChangelogPositions): Buffer {
  return Buffer.from(JSON.stringify(positionsOf(positions)));
}

export function readPositions(bytes: Buffer): ChangelogPositions {
  return byTopic(JSON.parse(bytes.toString()));
}

function positionsOf(positions: ChangelogPositions): Written['positions'] {
  return [...positions].map(([topic, { topicId, offset, version }]) =>
    version === undefined ? [topic, topicId, offset] : [topic, topicId, offset, version],
  );
}

function byTopic(positions: Written['positions']): ChangelogPositions {
  return new Map(
    positions.map(([topic, topicId, offset, version]) => [
      topic,
      version === undefined ? { topicId, offset } : { topicId, offset, version },
    ]),
  );
}
