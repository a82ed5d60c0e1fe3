/**
 * A process of its own for `lmdb-processes.spec.ts`: `lmdb-child.ts write|fill|read|note DIRECTORY [UNTIL]`.
 *
 * - `write` adds batches for ever, a line with the number of documents after each write that has resolved.
 * - `fill` adds batches until one fails twice; a line of JSON with the error and what the store then held.
 * - `note` says `ready`, waits for a line on its input, notes the position UNTIL and says what the store then has.
 * - `read` looks on, read-only, until it has seen UNTIL documents; a line of JSON with what was wrong.
 */
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { lmdb } from '../../lib/stores/lmdb.js';
import type { Document } from '../../lib/stores/port.js';

interface Sale {
  readonly customer: string;
  readonly at: number;
}

const batch = 200;
const customers = 7;
const [mode, directory = '', until = '0'] = process.argv.slice(2);
const store = lmdb<Sale>('sales', {
  directory,
  readOnly: mode === 'read',
  value: {
    name: 'json',
    encode: sale => Buffer.from(JSON.stringify(sale)),
    decode: bytes => JSON.parse(String(bytes)),
  },
  by: { customer: sale => sale.customer, note: sale => `${sale.customer}@${sale.at}` },
  time: sale => new Date(sale.at),
});

const document = (offset: number): Document<Sale> => ({
  source: { origin: 'c/t', partition: 0, offset, ordinal: '' },
  timestamp: offset,
  value: { customer: `c${offset % customers}`, at: offset },
});

const batchFrom = (next: number) => Array.from({ length: batch }, (_, i) => document(next + i));

await store.open();
if (mode === 'fill') {
  const failures: { code: unknown; message: string }[] = [];
  let next = 0;
  while (failures.length < 2) {
    try {
      await store.write(batchFrom(next));
      next += batch;
    } catch (error) {
      failures.push({ code: Reflect.get(Object(error), 'code'), message: String(error) });
    }
  }
  let found = 0;
  for await (const { id } of store.byTime()) if (id === `c/t/0/${found}`) found++;
  writeSync(1, JSON.stringify({ failures, resolved: next, found, count: await store.count() }));
  await store.close();
} else if (mode === 'note') {
  writeSync(1, 'ready\n');
  await once(process.stdin, 'data');
  await store.positions?.advance([{ origin: 'c/t', partition: 0, offset: Number(until) }]);
  writeSync(1, `${store.positions?.read('c/t', 0)}\n`);
  await store.close();
  process.exit(0);
} else if (mode === 'write') {
  for (let next = await store.count(); ; ) {
    await store.write(batchFrom(next));
    next += batch;
    // Written through at once: what was said must have been said before the process is killed.
    writeSync(1, `${next}\n`);
  }
} else {
  const wrong: string[] = [];
  let looks = 0;
  let last = 0;
  for (let seen = 0; seen < Number(until); looks++) {
    seen = 0;
    for await (const { time, id } of store.byTime()) {
      if (time !== seen || id !== `c/t/0/${seen}`) wrong.push(`place ${seen} holds ${id} of ${time}`);
      seen++;
    }
    if (seen % batch !== 0) wrong.push(`a part of a write was seen: ${seen}`);
    if (seen < last) wrong.push(`${seen} documents after ${last}`);
    last = seen;
    let theirs = 0;
    for await (const { value } of store.by('customer', 'c3')) if (value.customer === 'c3') theirs++;
    if (theirs < Math.floor(seen / customers)) wrong.push(`${theirs} of one customer in ${seen}`);
  }
  writeSync(1, JSON.stringify({ looks, last, wrong: wrong.slice(0, 5) }));
  await store.close();
}
