/** Cases at the edges of what is allowed, all of them, each with a restart: every fourth one on a disk. */
import { join } from 'node:path';
import type { GoldenCase } from './cases.js';
import { casesIn } from './cases-in.js';
import { topologies } from './public/topologies.js';
import { replayAll } from './replay-all.js';

const file = join(__dirname, 'kafka-streams-4.3.1-edges.jsonl.gz');

/** A disk takes its time. */
const isOnDisk = (number: number): boolean => number % 4 === 3;

async function* cases(backend: 'memory' | 'lmdb'): AsyncGenerator<GoldenCase> {
  let number = 0;
  for await (const of of casesIn(file, undefined)) if (isOnDisk(number++) === (backend === 'lmdb')) yield of;
}

test.each([
  ['memory', 106, topologies.size],
  ['lmdb', 35, 35],
] as const)(
  'on the backend %s each gives what Kafka Streams does, or what is meant',
  async (backend, number, operations) => {
    const { ops, missing, later } = await replayAll(cases(backend), { backend, restart: true });
    expect(ops.flatMap(({ first }) => first ?? [])).toEqual([]);
    expect([ops.length, missing, later]).toEqual([operations, [], []]);
    const sum = (of: 'cases' | 'agreed') => ops.reduce((all, one) => all + one[of], 0);
    expect(sum('cases')).toBe(number);
    expect(sum('agreed')).toBeGreaterThan(number * 0.8);
  },
  240_000,
);
