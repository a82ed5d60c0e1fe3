/**
 * A process of its own for `lmdb-folders.spec.ts`: `state-child.ts DIRECTORY` applies for ever, each commit its number under 50,000 keys,
 * and says the number of each that has resolved.
 */
import { Buffer } from 'node:buffer';
import { writeSync } from 'node:fs';
import { lmdbBackends } from '../../../lib/state/lmdb/lmdb-backends.js';
import { rowOf } from '../../../lib/state/row.js';

const keys = Array.from({ length: 50_000 }, (_, i) => `k${String(i).padStart(6, '0')}`);
const backend = await lmdbBackends(process.argv[2] ?? '').open('task');
for (let commitNumber = (backend.checkpoint?.commitNumber ?? 0) + 1; ; commitNumber++) {
  const row = rowOf(Buffer.from(String(commitNumber)), 1);
  const positions = new Map([['log', { topicId: 'id', offset: commitNumber }]]);
  const checkpoint = { commitNumber, positions, numbers: new Map(), time: Date.now() };
  await backend.apply(new Map([['a', keys.map(key => [key, row] as const)]]), checkpoint);
  // Written through at once: what was said must have been said before the process is killed.
  writeSync(1, `${commitNumber}\n`);
}
