/** What a question about one key reads: rows of that key in that time, however many other keys have rows there. */

import { Buffer } from 'node:buffer';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { lmdbBackend } from 'kafka-rx/lmdb';
import { hopping, sliding, tumbling } from 'kafka-rx/state';
import { CommittedTable } from '../../lib/state/layers/committed-table.js';
import { TableLayers } from '../../lib/state/layers/table-layers.js';
import { keptByGrid, keptBySession, keptSliding } from '../../lib/state/layouts.js';
import { memoryBackends } from '../../lib/state/memory-backend.js';
import { slidingRowKeys } from '../../lib/state/processors/sliding-rows.js';
import { timeBytes } from '../../lib/state/processors/time-bytes.js';
import { rowOf } from '../../lib/state/row.js';
import type { StateQueries } from '../../lib/state/state-queries.js';
import type { KeyRange, ReadTable } from '../../lib/state/state-table.js';
import { gridOf } from '../../lib/time/window-grid.js';
import { PlainState } from './plain-tables.js';

interface Case {
  readonly kept: { readonly queries: StateQueries };
  readonly table: string;
  rowKey(key: string, start: number): string;
}

const differenceMs = 50_000;
const cases: Readonly<Record<string, Case>> = {
  tumbling: {
    kept: keptByGrid(start => gridOf(tumbling(10, { graceMs: 0 })).end(start)),
    table: 'rows',
    rowKey: (key, start) => timeBytes(start) + key,
  },
  hopping: {
    kept: keptByGrid(start => gridOf(hopping(10, { advanceMs: 1, graceMs: 0 })).end(start)),
    table: 'rows',
    rowKey: (key, start) => timeBytes(start) + key,
  },
  sliding: {
    kept: keptSliding(sliding(differenceMs, { graceMs: 0 })),
    table: 'rows',
    rowKey: slidingRowKeys(differenceMs),
  },
  sessions: {
    kept: keptBySession,
    table: 'sessions',
    rowKey: (key, start) => key + timeBytes(start + 5) + timeBytes(start),
  },
};

/** A table that counts what is read of it. */
class Counted implements ReadTable<unknown> {
  read = 0;
  readonly #table: ReadTable<unknown>;

  constructor(table: ReadTable<unknown>) {
    this.#table = table;
  }

  get(key: string) {
    this.read++;
    return this.#table.get(key);
  }

  page(range: KeyRange, limit: number) {
    const page = this.#table.page(range, limit);
    this.read += page.length;
    return page;
  }
}

const asText = {
  encode: (text: unknown) => Buffer.from(String(text)),
  decode: (bytes: Buffer) => bytes.toString(),
};

const keys = ['', '\0', 'a', 'a\0', 'a\0\0\0\0\0\0\0\0', 'ab', 'b', '\xff'];

test.each(Object.entries(cases))('%s: as if all rows were read', (_, { kept, table, rowKey }) => {
  const some = fc.array(fc.record({ key: fc.constantFrom(...keys), start: fc.nat(400_000) }), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(
      some,
      fc.constantFrom(...keys),
      fc.nat(400_000),
      fc.nat(400_000),
      (rows, key, from, length) => {
        const state = new PlainState();
        for (const one of rows)
          state.table(table).put(rowKey(one.key, one.start), { value: 1, timestamp: one.start });
        const to = from + length;
        const expected = new Set(
          rows
            .filter(one => one.key === key && one.start >= from && one.start < to)
            .map(({ start }) => start),
        );
        const found = kept.queries.windows?.(of => state.table(of), key, from, to);
        expect(found?.map(({ start }) => start)).toEqual([...expected].sort((a, b) => a - b));
      },
    ),
    { numRuns: 300 },
  );
});

describe.each(['memory', 'lmdb'])('in %s', where => {
  test.each(Object.entries(cases))(
    '%s: rows of other keys are leapt over',
    async (_, { kept, table, rowKey }) => {
      const folder = mkdtempSync(join(tmpdir(), 'kafka-rx-rows-of-key-'));
      const backends = where === 'lmdb' ? lmdbBackend(folder) : memoryBackends;
      const backend = await backends.open('in/0');
      const rows: [string, Buffer][] = [];
      for (let start = 0; start < 40_000; start += 1_000)
        for (let i = 0; i < 500; i++) rows.push([rowKey(`k${i}`, start), rowOf(Buffer.from('1'), start)]);
      rows.sort(([one], [other]) => (one < other ? -1 : 1));
      await backend.restore(new Map([[`s/${table}`, rows]]), { positions: new Map(), time: 0 });
      const counted = new Counted(new CommittedTable(new TableLayers(`s/${table}`, backend), asText));
      const found = kept.queries.windows?.(() => counted, 'k77', 10_000, 20_000);
      expect(found?.map(({ start }) => start)).toEqual(
        Array.from({ length: 10 }, (_one, i) => 10_000 + 1_000 * i),
      );
      // Of a session who begins in that time may end long after: those of the key behind it are looked at.
      expect(counted.read).toBeLessThanOrEqual(40);
      await backend.close();
      rmSync(folder, { recursive: true });
    },
  );
});
